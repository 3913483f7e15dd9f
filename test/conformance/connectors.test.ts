import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Connector, OpenServer, ServerReport } from '../../engine/connectors/connector.ts'
import { connectors } from '../../engine/connectors/registry.ts'
import { OutputRises } from '../../engine/servers/output-rises.ts'
import { fcOptions } from '../support/counts.ts'
import { FAULTS, type Route, routedAsk, serverDouble } from '../support/server-double.ts'
import { type ConnectorTrial, textServerTrials } from './connector-trials.ts'
import { otherServerTrials } from './other-server-trials.ts'

const trials: Readonly<Record<string, ConnectorTrial>> = { ...textServerTrials, ...otherServerTrials }

test('every connector of the registry has its trial, and the other way round', () => {
  expect(connectors.map(({ id }) => id).toSorted()).toEqual(Object.keys(trials).toSorted())
})

describe.each(connectors.map((connector) => [connector.id, connector] as const))('%s', (id, connector) => {
  const trial = trials[id]
  if (trial === undefined) return
  const versions = Object.entries(trial.versions)
  const firstVersion = (): Record<string, Route> => versions[0]?.[1]() ?? {}

  test('is tried on two versions of its server', () => {
    expect(versions.length).toBeGreaterThanOrEqual(2)
  })

  test.each(versions)(
    'knows version %s and says what it says, asking nothing that it may not',
    async (_name, routes) => {
      const server = await serverDouble(routes())
      const open = await identified(connector, server.ask)
      for (let look = 0; look < 3; look += 1) expectSound(await reportOf(open))
      const questions = server.asked.map((one) => one.replace(/\?.*/, ''))
      expect(trial.mayAsk).toEqual(expect.arrayContaining([...new Set(questions)]))
      expect(questions.filter((one) => !one.startsWith('GET '))).toEqual([])
    },
  )

  test.runIf(trial.isGeneric !== true)('does not take another server for its own', async () => {
    for (const [other, { versions }] of Object.entries(trials)) {
      if (other === id) continue
      for (const [version, routes] of Object.entries(versions)) {
        const answer = await connector.identify(routedAsk(routes()))
        expect.soft(answer, `${other} ${version}`).toEqual({ ok: true, value: null })
      }
    }
  })

  test.each(FAULTS)('is not misled by a server that answers with a fault: %s', async (fault) => {
    const server = await serverDouble({}, { otherwise: { fault } })
    const answer = await connector.identify(server.ask)
    expect(answer.ok ? answer.value : null).toBeNull()
    expect(server.asked.length).toBeGreaterThan(0)
  })

  test.each(FAULTS)('tells a problem and no figure where an answer fails later: %s', async (fault) => {
    const server = await serverDouble(firstVersion())
    const open = await identified(connector, server.ask)
    const rises = new OutputRises()
    rises.take(await reportOf(open))
    const asked = [...new Set(server.asked)]
    for (const question of asked) {
      const route = server.routes[question]
      server.routes[question] = { fault }
      const answer = await open.poll()
      if (answer.ok) {
        expectSound(answer.value)
        expect(rises.take(answer.value)).toEqual([])
      } else expect(answer.reason).not.toBe('')
      if (route === undefined) delete server.routes[question]
      else server.routes[question] = route
      // Nothing was delivered meanwhile, whatever failed: a past that is told again is no output.
      const report = await reportOf(open)
      expectSound(report)
      expect(rises.take(report)).toEqual([])
    }
  })

  test('gives no impossible figure for an answer whose parts were exchanged', async () => {
    const routes = firstVersion()
    const paths = Object.keys(routes).filter((path) => trial.mayAsk.includes(path.replace(/\?.*/, '')))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.array(fc.tuple(fc.nat(), foreignValue), { maxLength: 3 }),
        async (path, changes) => {
          const answers: Record<string, Route> = { ...routes }
          const open = await identified(connector, routedAsk(answers))
          const rises = new OutputRises()
          const before = await open.poll()
          if (before.ok) rises.take(before.value)
          answers[path] = spoilt(routes[path], changes)
          for (let look = 0; look < 2; look += 1) {
            const answer = await open.poll()
            if (!answer.ok) continue
            expectSound(answer.value)
            for (const rise of rises.take(answer.value)) expect(Object.values(rise).every(isWholeIfNumber)).toBe(true)
          }
          await connector.identify(routedAsk(answers))
        },
      ),
      fcOptions('connectors', 60, 20_000),
    )
  })

  test('lets go of a model as its server documents it', async () => {
    const { unload } = trial
    if (unload === null) {
      const open = await identified(connector, routedAsk(firstVersion()))
      expect(open.unload).toBeNull()
      return
    }
    const server = await serverDouble({ ...trial.versions[unload.version]?.(), [unload.asks]: unload.answer })
    const open = await identified(connector, server.ask)
    const model = (await reportOf(open)).models.find(({ id: one }) => one === unload.model)
    if (model === undefined || open.unload === null) throw new Error('no such model, or no way to unload')
    expect(await open.unload(model)).toEqual({ ok: true, value: null })
    expect(server.asked.at(-1)).toBe(unload.asks)
    const posted = server.posted[unload.asks.replace('POST ', '')]
    expect(posted === undefined ? undefined : JSON.parse(posted)).toEqual(unload.body)
    server.routes[unload.asks] = { fault: 'error' }
    expect(await open.unload(model)).toMatchObject({ ok: false, code: 'broken' })
  })

  test.runIf(trial.denied !== undefined)('says that a key is wanted', async () => {
    const found = await connector.identify(routedAsk(trial.denied?.() ?? {}))
    const answer = found.ok && found.value !== null ? await found.value.poll() : found
    expect(answer).toMatchObject({ ok: false, code: 'denied', remedy: { kind: 'setting' } })
  })
})

async function identified(connector: Connector, ask: Parameters<Connector['identify']>[0]): Promise<OpenServer> {
  const found = await connector.identify(ask)
  if (!found.ok || found.value === null) throw new Error(`not identified: ${JSON.stringify(found)}`)
  return found.value
}

async function reportOf(open: OpenServer): Promise<ServerReport> {
  const answer = await open.poll()
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value
}

/** Every figure is one that can be, every model has a name, and no total stands twice. */
function expectSound(report: ServerReport): void {
  for (const { id, name, ...told } of report.models) {
    expect(id).not.toBe('')
    expect(name).not.toBe('')
    for (const value of Object.values(told)) expect(isWholeIfNumber(value)).toBe(true)
  }
  for (const total of report.totals) {
    for (const value of Object.values(total)) expect(isWholeIfNumber(value)).toBe(true)
  }
  const names = report.totals.map(({ model }) => model)
  expect(new Set(names).size).toBe(names.length)
  expect([report.inFlight, report.waiting].every(isWholeIfNumber)).toBe(true)
  if (report.counts === 'server') expect(report.totals.every(({ model }) => model !== '')).toBe(true)
  if (report.counts === 'off') expect(report.limits?.remedy).not.toBeNull()
}

function isWholeIfNumber(value: unknown): boolean {
  return typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0)
}

const foreignValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, -1e300, 1e300, 2 ** 53, 0.5, '', 'NaN'),
  fc.constantFrom('[]', '{}', '[[]]', '[{}]', '{"models":1}').map((text) => JSON.parse(text)),
  fc.string({ maxLength: 12 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

/** An answer with some of its values replaced: leaves of JSON, or words of text. */
function spoilt(route: Route | undefined, changes: readonly (readonly [number, unknown])[]): Route {
  if (typeof route !== 'string') return route ?? ''
  let value: unknown
  try {
    value = JSON.parse(route)
  } catch {
    const words = route.split(/(\s+)/)
    for (const [at, what] of changes) words[at % words.length] = String(what)
    return words.join('')
  }
  for (const [at, what] of changes) {
    const holders: (readonly [Record<string, unknown>, string])[] = []
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return
      for (const [key, inner] of Object.entries(node)) {
        holders.push([node as Record<string, unknown>, key])
        walk(inner)
      }
    }
    walk(value)
    const [holder, key] = holders[at % Math.max(1, holders.length)] ?? []
    if (holder === undefined || key === undefined) value = what
    else holder[key] = what
  }
  return JSON.stringify(value)
}
