import type { PerwattHandlers } from '../contract/index.ts'
import type { ModelRow } from '../contract/models.ts'
import { ok, problem } from '../contract/result.ts'
import { remoteEnergy } from './agents/remote-energy.ts'
import { REMOTE_FIGURES } from './agents/remote-figures.ts'
import type { Events } from './events.ts'
import type { MeasuredMachine } from './machine.ts'
import { type Naming, namedRequest, namedUsers } from './named-work.ts'

const NO_HISTORY = problem('noHistory', 'This engine keeps no history.')
/** Whoever follows requests is told this often: each time costs a synced write. */
const TELL_MS = 1_000
/** Told at once at most; the rest is in the history. */
const MOST_TOLD = 200

/** Cached tokens are part of the prompt; those that were written into a cache are taken as read. */
function elsewhereEstimate({ name, delivered }: ModelRow, estimateRemote: boolean): ModelRow['remoteEstimate'] {
  const { promptTokens, cachedTokens, outputTokens } = delivered
  const input = promptTokens === null ? null : Math.max(0, promptTokens - (cachedTokens ?? 0))
  const tokens = { input, cacheRead: cachedTokens, cacheWrite: null, output: outputTokens, model: name }
  const energy = remoteEnergy(tokens, { estimateRemote })
  return energy === null ? null : { ...energy, asOf: REMOTE_FIGURES.asOf }
}

/** What was delivered, by app, model, user and request: answered from the ledger, with names put to what it holds. */
export function workHandlers(machine: MeasuredMachine, events: Events) {
  const { history, working, host, settings } = machine

  /** Everything until now is in the file before it is asked. */
  function asked() {
    history?.flush()
    return history
  }

  function naming(): Naming {
    return { showNames: settings.current.showNames, accountName: (uid) => host.userName(uid) }
  }

  let untold: string[] = []
  working.onRequest((request) => {
    if (history === null || !events.hasListeners('requestEnded')) return
    if (untold.length === 0) host.clock.after(TELL_MS, () => void tellRequests(), { background: true })
    untold.push(request.begin.id)
  })

  async function tellRequests(): Promise<void> {
    const ids = untold.slice(-MOST_TOLD)
    untold = []
    const ledger = asked()
    for (const id of ids) {
      const known = await ledger?.ask('request', { id })
      if (known?.ok && known.value !== null) events.emit('requestEnded', namedRequest(known.value, naming()))
    }
  }

  return {
    apps: async (range) => (await asked()?.ask('apps', range)) ?? NO_HISTORY,
    models: async (range) => {
      const found = (await asked()?.ask('models', range)) ?? NO_HISTORY
      if (!found.ok) return found
      const held = new Set(working.servers.models().map(({ modelId }) => modelId))
      const rows = found.value.rows.map((row) => ({
        ...row,
        isLoaded: held.has(row.id),
        remoteEstimate: row.isRemote ? elsewhereEstimate(row, settings.current.estimateRemote) : null,
      }))
      return ok({ ...found.value, rows })
    },
    users: async (range) => {
      const found = (await asked()?.ask('users', range)) ?? NO_HISTORY
      return found.ok ? ok(namedUsers(found.value, naming())) : found
    },
    requests: async (question) => {
      const found = (await asked()?.ask('requests', question)) ?? NO_HISTORY
      if (!found.ok) return found
      const { rows, isComplete } = found.value
      const keptFromS = machine.nowS() - settings.current.requestDays * 86_400
      return ok({ rows: rows.map((row) => namedRequest(row, naming())), isComplete, keptFromS })
    },
    request: async ({ id }) => {
      const found = (await asked()?.ask('request', { id })) ?? NO_HISTORY
      if (!found.ok) return found
      if (found.value === null) return problem('unknownRequest', `There is no request ${id}, or it is no longer kept.`)
      return ok(namedRequest(found.value, naming()))
    },
    mergeUsers: ({ user, into }) => {
      if (history === null) return NO_HISTORY
      history.flush()
      const merged = history.ledger.mergePeople(user, into)
      return merged.ok ? ok({}) : merged
    },
    nameUser: ({ user, name }) => {
      if (history === null) return NO_HISTORY
      history.flush()
      const named = history.ledger.namePerson(user, name === '' ? null : name)
      return named.ok ? ok({}) : named
    },
    jobs: async (range) => {
      const found = (await asked()?.ask('jobs', range)) ?? NO_HISTORY
      return found.ok ? ok({ rows: found.value }) : found
    },
    keepJob: (job) => {
      if (history === null) return NO_HISTORY
      history.ledger.recordJob({ ...job, estimatedMj: job.provenance === 'estimate' ? (job.energyMj ?? 0) : 0 })
      history.flush()
      return ok({})
    },
    meterReport: ({ meter, events: seen, unmetered, uncounted }) => {
      machine.metering.note(meter, { seen, unmetered, uncounted })
      return ok({ energies: working.report(meter.target, seen) })
    },
  } satisfies Partial<PerwattHandlers>
}
