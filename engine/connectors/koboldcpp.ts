import { z } from 'zod'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { Ask, Connector, LoadedModel, OpenServer, ServerFault, ServerReport } from './connector.ts'
import { askJson, Count, recogniseJson } from './json-answer.ts'
import { KoboldSums, Perf } from './koboldcpp-sums.ts'
import { loadedModel, NOTHING_TOLD, OPENAI_CLIENT_SETTING, quantisationInName } from './server-words.ts'

const Version = z.object({ result: z.literal('KoboldCpp'), version: z.string(), protected: z.boolean().nullish() })
const Model = z.object({ result: z.string() })
const Context = z.object({ value: Count })

const KEY_NEEDED: NonNullable<ServerReport['limits']> = problem(
  'keyNeeded',
  'It does not tell its model without its password.',
  { kind: 'setting', path: 'Servers', note: 'Give its password as the key there.' },
)

/**
 * KoboldCpp (koboldcpp.py, gpttype_adapter.cpp): it speaks five dialects of other servers, so it is asked for its own version first. It counts
 * its generations, and tells the tokens of the newest one.
 */
export const koboldcpp: Connector = {
  id: 'koboldcpp',
  title: 'KoboldCpp',
  clientSetting: OPENAI_CLIENT_SETTING,
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const version = await recogniseJson(ask, '/api/extra/version', Version)
    if (!version.ok || version.value === null) return version.ok ? ok(null) : version
    return ok(open(ask, version.value.version))
  },
}

function open(ask: Ask, version: string): OpenServer {
  const sums = new KoboldSums()
  let known: LoadedModel | null = null

  async function lookAtModel(name: string): Promise<Result<LoadedModel, ServerFault>> {
    if (known?.name === name) return ok(known)
    const context = await recogniseJson(ask, '/api/extra/true_max_context_length', Context)
    if (!context.ok) return context
    known = loadedModel(name, { quantisation: quantisationInName(name), contextTokens: context.value?.value || null })
    return ok(known)
  }

  return {
    unload: null,
    async poll() {
      const perf = await askJson(ask, '/api/extra/perf', Perf)
      if (!perf.ok) return perf
      const model = await askJson(ask, '/api/v1/model', Model)
      if (!model.ok) return model
      const name = model.value.result.replace(/^koboldcpp\//, '')
      const inFlight = perf.value.idle === 1 ? 0 : 1
      const report: ServerReport = {
        ...NOTHING_TOLD,
        version,
        inFlight,
        waiting: perf.value.queue,
        totals: [sums.take(perf.value, HIDDEN.has(name) ? null : name)],
        counts: 'server',
      }
      if (HIDDEN.has(name)) return ok({ ...report, limits: name === 'inactive' ? null : KEY_NEEDED })
      const told = await lookAtModel(name)
      return told.ok ? ok({ ...report, models: [{ ...told.value, inFlight }] }) : told
    },
  }
}

/** What it says in place of a name: nothing is loaded, or the asker may not know. */
const HIDDEN: ReadonlySet<string> = new Set(['', 'inactive', 'protected-model'])
