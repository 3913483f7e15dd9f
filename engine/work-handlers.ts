import type { PerwattHandlers } from '../contract/index.ts'
import type { RequestRow, UserRow } from '../contract/models.ts'
import { ok, problem } from '../contract/result.ts'
import type { Events } from './events.ts'
import type { NamelessRequest } from './ledger/queries/requests.ts'
import type { NamelessUser } from './ledger/queries/users.ts'
import type { MeasuredMachine } from './machine.ts'
import { type UserNames, userNames } from './user-names.ts'

const NO_HISTORY = problem('noHistory', 'This engine keeps no history.')

/** What was delivered, by app, model, user and request: answered from the ledger, with names put to what it holds. */
export function workHandlers(machine: MeasuredMachine, events: Events) {
  const { history, working, host, settings } = machine

  /** Everything until now is in the file before it is asked. */
  function asked() {
    history?.flush()
    return history
  }

  function namesFor(osUsers: number): UserNames {
    return userNames({ showNames: settings.current.showNames, osUsers, accountName: (uid) => host.userName(uid) })
  }

  working.onRequest((request) => {
    if (!events.hasListeners('requestEnded')) return
    void history?.ask('request', { id: request.begin.id }).then((known) => {
      if (known.ok && known.value !== null) events.emit('requestEnded', requestRow(known.value, namesFor(2)))
    })
  })

  return {
    apps: async (range) => (await asked()?.ask('apps', range)) ?? NO_HISTORY,
    models: async (range) => {
      const found = (await asked()?.ask('models', range)) ?? NO_HISTORY
      if (!found.ok) return found
      const held = new Set(working.servers.models().map(({ modelId }) => modelId))
      const rows = found.value.rows.map((row) => ({ ...row, isLoaded: held.has(row.id) }))
      return ok({ ...found.value, rows })
    },
    users: async (range) => {
      const found = (await asked()?.ask('users', range)) ?? NO_HISTORY
      if (!found.ok) return found
      const { users, projects } = found.value
      const names = namesFor(users.filter(({ kind }) => kind === 'os').length)
      return ok({
        rows: users.map((user) => userRow(user, names)),
        projects: projects.map(({ number, label, ...project }) => ({ ...project, name: label ?? `Project ${number}` })),
        namesShown: settings.current.showNames,
      })
    },
    requests: async (question) => {
      const found = (await asked()?.ask('requests', question)) ?? NO_HISTORY
      if (!found.ok) return found
      const { rows, isComplete } = found.value
      const names = namesFor(new Set(rows.flatMap(({ user }) => (user?.startsWith('os/') ? [user] : []))).size)
      const keptFromS = machine.nowS() - settings.current.requestDays * 86_400
      return ok({ rows: rows.map((row) => requestRow(row, names)), isComplete, keptFromS })
    },
    request: async ({ id }) => {
      const found = (await asked()?.ask('request', { id })) ?? NO_HISTORY
      if (!found.ok) return found
      if (found.value === null) return problem('unknownRequest', `There is no request ${id}, or it is no longer kept.`)
      return ok(requestRow(found.value, namesFor(2)))
    },
    mergeUsers: ({ user, into }) => {
      if (history === null) return NO_HISTORY
      history.flush()
      if (into === user) return problem('unknownUser', 'A user cannot be merged into itself.')
      return history.ledger.mergePeople(user, into) ? ok({}) : problem('unknownUser', 'There is no such user.')
    },
    nameUser: ({ user, name }) => {
      if (history === null) return NO_HISTORY
      history.flush()
      return history.ledger.namePerson(user, name === '' ? null : name)
        ? ok({})
        : problem('unknownUser', 'There is no such user.')
    },
    jobs: async (range) => {
      const found = (await asked()?.ask('jobs', range)) ?? NO_HISTORY
      return found.ok ? ok({ rows: found.value }) : found
    },
    keepJob: (job) => {
      if (history === null) return NO_HISTORY
      history.ledger.recordJob({ ...job, estimatedMj: job.provenance === 'estimate' ? job.energyMj : 0 })
      history.flush()
      return ok({})
    },
    meterReport: ({ meter, events: seen, unmetered, uncounted }) => {
      machine.metering.note(meter, { seen, unmetered, uncounted })
      return ok({ energies: working.report(meter.target, seen) })
    },
  } satisfies Partial<PerwattHandlers>
}

function requestRow({ userNumber, userLabel, ...row }: NamelessRequest, names: UserNames): RequestRow {
  const { user } = row
  return { ...row, userName: user === null ? null : names.nameOf({ id: user, number: userNumber, label: userLabel }) }
}

function userRow({ number, label, merged, ...user }: NamelessUser, names: UserNames): UserRow {
  return {
    ...user,
    name: names.nameOf({ id: user.id, number, label }),
    merged: merged.map((other) => ({ id: other.id, name: names.nameOf(other) })),
  }
}
