import type { PerwattHandlers } from '../contract/index.ts'
import { isSameSeries } from '../contract/meter-identity.ts'
import { ok, type Problem, problem, type Result } from '../contract/result.ts'
import type { WallMeter } from '../contract/wall-meter.ts'
import { secretNameOf } from './configured-meters.ts'
import type { Events } from './events.ts'
import type { MeasuredMachine } from './machine.ts'
import { testMeter } from './sources/wall/test-meter.ts'

const MOST_METERS = 16
const MOST_FORMER = 1_000
const NO_SECRETS = problem('denied', 'This engine has no data directory, so it can keep no password.')
const OTHER_ADDRESS = problem('denied', 'The password is kept for another address: type it again for this one.')

/** Wall meters: tried, set up and taken away; their secrets go to a file of their own and never come back. */
export function meterHandlers(machine: MeasuredMachine, events: Events) {
  const { settings, secrets, host } = machine

  function change(wallMeters: readonly WallMeter[], formerId: string | null = null) {
    const former = settings.current.formerMeterIds.filter((id) => id !== formerId)
    const formerMeterIds = formerId === null ? former : [...former, formerId].slice(-MOST_FORMER)
    const changed = settings.change({ wallMeters: [...wallMeters], formerMeterIds })
    if (!changed.ok) return changed
    events.emit('settingsChanged', changed.value)
    void machine.checkAgain()
    return ok({})
  }

  function meterOf(id: string): WallMeter | undefined {
    return settings.current.wallMeters.find((meter) => meter.id === id)
  }

  /** Only for the address that it was given for: whoever may ask a question must not send it elsewhere. */
  function keptSecret(id: string, address: string): Result<string | null, 'denied'> {
    const known = meterOf(id)
    if (known === undefined || !known.hasSecret || secrets === null) return ok(null)
    return known.address === address ? secrets.secret(secretNameOf({ id })) : OTHER_ADDRESS
  }

  function keep(name: string, secret: string): Result<true, 'denied' | 'notWritable'> {
    const kept = secrets === null ? NO_SECRETS : secrets.keep(name, secret)
    return kept.ok ? ok(true) : kept
  }

  function forget(id: string): Result<false, 'denied' | 'notWritable'> {
    const forgotten = secrets?.forget(secretNameOf({ id })) ?? ok(null)
    return forgotten.ok ? ok(false) : forgotten
  }

  /** Puts the secret of a meter in its place, and tells whether it has one. Left out, it is that of the meter before it. */
  function placeSecret({ id, address }: Pick<WallMeter, 'id' | 'address'>, before?: WallMeter, secret?: string | null) {
    if (secret === null) return forget(id)
    if (secret !== undefined) return keep(secretNameOf({ id }), secret)
    if (before?.hasSecret !== true) return ok(false)
    if (before.address !== address) return OTHER_ADDRESS
    if (before.id === id) return ok(true)
    const kept = keptSecret(before.id, address)
    if (!kept.ok) return kept
    return kept.value === null ? ok(false) : keep(secretNameOf({ id }), kept.value)
  }

  return {
    testMeter: async ({ id, secret, ...meter }) => {
      const kept = secret === undefined ? (id === null ? ok(null) : keptSecret(id, meter.address)) : ok(secret)
      if (!kept.ok) return kept
      const found = await testMeter(host, meter, kept.value)
      return found.ok ? ok({ ...found.value, units: [...found.value.units] }) : found
    },
    setMeter: async ({ meter, secret, replaces = meter.id, hasMoved = false }) => {
      if (typeof secret === 'string') await secrets?.ready('keep')
      const { wallMeters, formerMeterIds } = settings.current
      const before = meterOf(replaces)
      const isNew = before === undefined || replaces !== meter.id
      if (isNew && (meterOf(meter.id) !== undefined || formerMeterIds.includes(meter.id))) return usedId(meter.id)
      if (before === undefined && wallMeters.length >= MOST_METERS)
        return problem('tooMany', `There are ${MOST_METERS} meters already; more are not kept.`)
      const fault = isNew ? null : seriesFault(before, meter, hasMoved)
      if (fault !== null) return fault
      const placed = placeSecret(meter, before, secret)
      if (!placed.ok) return placed
      const whole = { ...meter, hasSecret: placed.value }
      if (before === undefined) return change([...wallMeters, whole])
      const next = wallMeters.map((one) => (one.id === replaces ? whole : one))
      if (!isNew) return change(next)
      const forgotten = forget(replaces)
      return forgotten.ok ? change(next, replaces) : forgotten
    },
    removeMeter: ({ id }) => {
      if (meterOf(id) === undefined) return problem('unknownMeter', `There is no meter "${id}".`)
      const forgotten = forget(id)
      const others = settings.current.wallMeters.filter((meter) => meter.id !== id)
      return forgotten.ok ? change(others, id) : forgotten
    },
    traffic: () =>
      ok({
        addresses: host.traffic().map(({ answeredMs, ...address }) => ({
          ...address,
          answeredS: answeredMs === null ? null : Math.floor(answeredMs / 1_000),
        })),
      }),
  } satisfies Partial<PerwattHandlers>
}

function usedId(id: string): Problem<'otherSeries'> {
  return problem('otherSeries', `"${id}" names the history of a meter already: choose another id.`)
}

/** Two histories would be one. */
function seriesFault(before: WallMeter, meter: Omit<WallMeter, 'hasSecret'>, hasMoved: boolean) {
  if (isSameSeries(before, meter) && (before.address === meter.address || hasMoved)) return null
  return problem('otherSeries', 'This measures something else than before, so it needs a history of its own.')
}
