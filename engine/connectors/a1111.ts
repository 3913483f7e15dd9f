import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import { A1111Images, A1111Progress } from './a1111-images.ts'
import type { Ask, Connector, OpenServer, ServerFault, ServerReport } from './connector.ts'
import { askJson, askToUnload, parsedJson, recogniseJson, wantsKey } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, outputTotals } from './server-words.ts'

/** GET /sdapi/v1/options: some hundred settings, of which one is the checkpoint, "name.safetensors [hash]". */
const Options = z.object({ sd_model_checkpoint: z.string().nullable() })
/** GET /internal/quicksettings-hint: there with the web UI, whether its API is on or not. */
const Hints = z.array(z.object({ name: z.string() }))
const PROGRESS = '/sdapi/v1/progress?skip_current_image=true'

/** AUTOMATIC1111's web UI, Forge, reForge and SD.Next. */
export const a1111: Connector = {
  id: 'a1111',
  title: 'Stable Diffusion web UI',
  clientSetting: 'AUTOMATIC1111_BASE_URL=http://127.0.0.1:{port}',
  unloadsBy: 'api',
  async identify(ask) {
    const options = await ask('/sdapi/v1/options')
    if (!options.ok && options.code !== 'foreign') return options
    const status = options.ok ? options.value.status : 404
    if (options.ok && status === 200) {
      if (!parsedJson(options.value, Options).ok) return ok(null)
      // KoboldCpp answers the settings as well, and tells no progress.
      const progress = await recogniseJson(ask, PROGRESS, A1111Progress)
      return progress.ok ? ok(progress.value === null ? null : new OpenA1111(ask)) : progress
    }
    const hints = await recogniseJson(ask, '/internal/quicksettings-hint', Hints)
    if (!hints.ok) return hints
    if (hints.value?.some(({ name }) => name === 'sd_model_checkpoint') !== true) return ok(null)
    return status === 401 || status === 403 ? wantsKey() : ok(withoutApi(ask))
  },
}

/** Its images are counted here, from what it says of the job that it is at. */
class OpenA1111 implements OpenServer {
  readonly #ask: Ask
  readonly #images = new A1111Images()
  #checkpoint: string | null = null
  #isCheckpointKnown = false
  #isUnloaded = false

  constructor(ask: Ask) {
    this.#ask = ask
  }

  async poll(): Promise<Result<ServerReport, ServerFault>> {
    const progress = await askJson(this.#ask, PROGRESS, A1111Progress)
    if (!progress.ok) return progress
    const hasMoved = this.#images.take(progress.value.state)
    if (hasMoved) this.#isUnloaded = false
    // The list of settings is long: it is read when a job began or ended, since jobs change the checkpoint.
    if (hasMoved || !this.#isCheckpointKnown) {
      const options = await askJson(this.#ask, '/sdapi/v1/options', Options)
      if (!options.ok) return options
      this.#checkpoint = options.value.sd_model_checkpoint
      this.#isCheckpointKnown = true
    }
    const inFlight = this.#images.isWorking ? 1 : 0
    const name = this.#checkpoint?.replace(/\.(safetensors|ckpt)?( \[[0-9a-f]+\])?$/i, '') ?? ''
    return ok({
      ...NOTHING_TOLD,
      models: name === '' || this.#isUnloaded ? [] : [loadedModel(name, { inFlight })],
      inFlight,
      // A batch is several images, and told as one.
      totals: [outputTotals(name === '' ? null : name, { images: this.#images.total, provenance: 'estimate' })],
      counts: 'server',
    })
  }

  readonly unload = async (): Promise<Result<null, ServerFault>> => {
    const done = await askToUnload(this.#ask, '/sdapi/v1/unload-checkpoint', {})
    if (done.ok) this.#isUnloaded = true
    return done
  }
}

function withoutApi(ask: Ask): OpenServer {
  return {
    async poll() {
      const hints = await askJson(ask, '/internal/quicksettings-hint', Hints)
      return hints.ok ? ok({ ...NOTHING_TOLD, counts: 'off', limits: API_OFF }) : hints
    },
    unload: null,
  }
}

const API_OFF = problem('metricsOff', 'Its API is off: it does not say what it works on. Start it with --api.', {
  kind: 'command',
  argv: ['./webui.sh', '--api'],
  asRoot: false,
})
