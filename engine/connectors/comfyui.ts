import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import { type FinishedJob, finishedJob, listFinished, MOST_LISTED } from './comfyui-jobs.ts'
import type { Ask, Connector, LoadedModel, OpenServer, OutputTotals, ServerFault, ServerReport } from './connector.ts'
import { askJson, askToUnload, Count, recogniseJson } from './json-answer.ts'
import { loadedModel, NOTHING_TOLD, outputTotals, quantisationInName } from './server-words.ts'

const Stats = z.object({
  system: z.object({ comfyui_version: z.string() }),
  devices: z.array(z.object({ type: z.string(), torch_vram_total: Count.nullish(), torch_vram_free: Count.nullish() })),
})
/** GET /prompt: running and pending together, without what they are. */
const Queue = z.object({ exec_info: z.object({ queue_remaining: Count }) })

/** Jobs that are read in full within one look; the others wait for the next. */
const MOST_READ = 16
const MOST_REMEMBERED = 1_000
const MOST_MODELS = 100
/** Less than this on the devices, and no model is there: what torch keeps for itself. */
const NO_MODEL_BYTES = 64 * 2 ** 20

export const comfyui: Connector = {
  id: 'comfyui',
  title: 'ComfyUI',
  clientSetting: 'COMFYUI_BASE_URL=http://127.0.0.1:{port}',
  unloadsBy: 'api',
  async identify(ask) {
    const stats = await recogniseJson(ask, '/system_stats', Stats)
    return stats.ok ? ok(stats.value === null ? null : new OpenComfyui(ask)) : stats
  },
}

/**
 * ComfyUI keeps no totals: they are summed here, from jobs that were not there at the first look. It runs one job at a time. It does not tell
 * which model is in memory: the one that the newest finished job loaded stands for it, while torch holds memory.
 */
class OpenComfyui implements OpenServer {
  readonly #ask: Ask
  readonly #seen = new Set<string>()
  readonly #delivered = new Map<string | null, { images: number; requests: number }>()
  #hasBegun = false
  #hasBrief: boolean | null = null
  #isExact = true
  #model: string | null = null

  constructor(ask: Ask) {
    this.#ask = ask
  }

  async poll(): Promise<Result<ServerReport, ServerFault>> {
    const queue = await askJson(this.#ask, '/prompt', Queue)
    if (!queue.ok) return queue
    const finished = await this.#lookForFinished()
    if (!finished.ok) return finished
    const stats = await askJson(this.#ask, '/system_stats', Stats)
    if (!stats.ok) return stats
    const { queue_remaining } = queue.value.exec_info
    const inFlight = Math.min(queue_remaining, 1)
    return ok({
      ...NOTHING_TOLD,
      version: stats.value.system.comfyui_version,
      models: this.#held(stats.value.devices, inFlight),
      inFlight,
      waiting: queue_remaining - inFlight,
      totals: this.#totals(),
      counts: finished.value ? 'server' : 'off',
      limits: finished.value ? null : CANNOT_LIST,
    })
  }

  /** It lets go when it has finished what it is at. */
  readonly unload = () => askToUnload(this.#ask, '/free', { unload_models: true, free_memory: true })

  /** `false`: this version cannot list them so that we could read it. */
  async #lookForFinished(): Promise<Result<boolean, ServerFault>> {
    const listed = await listFinished(this.#ask, this.#hasBrief)
    if (!listed.ok) return listed
    if (listed.value.kind === 'unreadable') return ok(false)
    this.#hasBrief = listed.value.kind === 'brief'
    const isFirst = !this.#hasBegun
    this.#hasBegun = true
    if (listed.value.kind === 'whole') {
      const news = listed.value.jobs.filter(({ id }) => !this.#seen.has(id)).reverse()
      for (const job of news) this.#take(job, isFirst)
      return ok(true)
    }
    const news = listed.value.jobs.filter(({ id }) => !this.#seen.has(id))
    const [newest] = listed.value.jobs
    // So many are new that older ones may have fallen off the list.
    if (!isFirst && news.length >= MOST_LISTED) this.#isExact = false
    if (isFirst) for (const { id } of news) this.#remember(id)
    // What was there before is not counted; the newest of it tells which model is loaded.
    const unread = isFirst ? (newest === undefined ? [] : [newest]) : news.reverse().slice(0, MOST_READ)
    for (const { id, outputs } of unread) {
      const job = await finishedJob(this.#ask, id, outputs)
      if (!job.ok) return job
      this.#take(job.value, isFirst)
    }
    return ok(true)
  }

  #take(job: FinishedJob, isFirst: boolean): void {
    this.#remember(job.id)
    if (job.isExact) this.#model = job.model
    if (isFirst) return
    if (!job.isExact) this.#isExact = false
    const name = job.model === null ? null : nameOf(job.model)
    const model = this.#delivered.has(name) || this.#delivered.size < MOST_MODELS ? name : null
    const sum = this.#delivered.get(model) ?? { images: 0, requests: 0 }
    this.#delivered.set(model, { images: sum.images + job.images, requests: sum.requests + 1 })
  }

  #remember(id: string): void {
    this.#seen.add(id)
    if (this.#seen.size <= MOST_REMEMBERED) return
    const [oldest] = this.#seen
    if (oldest !== undefined) this.#seen.delete(oldest)
  }

  #held(devices: z.infer<typeof Stats>['devices'], inFlight: number): readonly LoadedModel[] {
    if (this.#model === null) return []
    const onGpu = devices.filter(({ type }) => type !== 'cpu')
    const used = onGpu.map((one) =>
      one.torch_vram_total == null || one.torch_vram_free == null
        ? null
        : Math.max(0, one.torch_vram_total - one.torch_vram_free),
    )
    const deviceBytes = used.length === 0 || used.includes(null) ? null : used.reduce<number>((a, b) => a + (b ?? 0), 0)
    if (deviceBytes !== null && deviceBytes < NO_MODEL_BYTES) return []
    return [
      loadedModel(this.#model, {
        name: nameOf(this.#model),
        quantisation: quantisationInName(this.#model),
        device: devices.length === 0 ? null : onGpu.length === 0 ? 'cpu' : 'gpu',
        deviceBytes,
        inFlight,
      }),
    ]
  }

  #totals(): readonly OutputTotals[] {
    return Array.from(this.#delivered, ([model, sum]) =>
      outputTotals(model, { ...sum, provenance: this.#isExact ? 'exact' : 'estimate' }),
    )
  }
}

function nameOf(file: string): string {
  return file.replace(/(?<=.)\.(safetensors|ckpt|gguf|pth?|sft)$/i, '')
}

const CANNOT_LIST = problem(
  'oldVersion',
  'This version of ComfyUI can only list finished jobs with all that is in them, which is too much to read: its images are not counted.',
  { kind: 'command', argv: ['comfy', 'update', 'comfy'], asRoot: false },
)
