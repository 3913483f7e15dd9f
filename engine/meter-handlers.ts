import type { PerwattHandlers } from '../contract/index.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import { secretNameOf } from './configured-meters.ts'
import type { Events } from './events.ts'
import type { MeasuredMachine } from './machine.ts'
import { testMeter } from './sources/wall/test-meter.ts'

const MOST_METERS = 16
const NO_SECRETS = problem('denied', 'This engine has no data directory, so it can keep no password.')

const OTHER_ADDRESS = problem('denied', 'The password is kept for another address: type it again for this one.')

/** Wall meters: tried, set up and taken away; their secrets go to a file of their own and never come back. */
export function meterHandlers(machine: MeasuredMachine, events: Events) {
  const { settings, secrets, host } = machine

  function change(wallMeters: typeof settings.current.wallMeters) {
    const changed = settings.change({ wallMeters })
    if (!changed.ok) return changed
    events.emit('settingsChanged', changed.value)
    void machine.checkAgain()
    return ok({})
  }

  /** Only for the address that it was given for: whoever may ask a question must not send it elsewhere. */
  function keptSecret(id: string, address: string): Result<string | null, 'denied'> {
    const known = settings.current.wallMeters.find((meter) => meter.id === id)
    if (known === undefined || !known.hasSecret || secrets === null) return ok(null)
    if (known.address === address) return secrets.secret(secretNameOf({ id }))
    return OTHER_ADDRESS
  }

  return {
    testMeter: async ({ id, secret, ...meter }) => {
      const kept = secret === null && id !== null ? keptSecret(id, meter.address) : ok(secret)
      if (!kept.ok) return kept
      const found = await testMeter(host, meter, kept.value)
      return found.ok ? ok({ ...found.value, units: [...found.value.units] }) : found
    },
    setMeter: ({ meter, secret }) => {
      const others = settings.current.wallMeters.filter(({ id }) => id !== meter.id)
      if (others.length >= MOST_METERS)
        return problem('tooMany', `There are ${MOST_METERS} meters already; more are not kept.`)
      const before = settings.current.wallMeters.find(({ id }) => id === meter.id)
      if (secret === null && before?.hasSecret === true && before.address !== meter.address) return OTHER_ADDRESS
      if (secret !== null) {
        const kept = secrets === null ? NO_SECRETS : secrets.keep(secretNameOf(meter), secret)
        if (!kept.ok) return kept
      }
      return change([...others, { ...meter, hasSecret: secret !== null || before?.hasSecret === true }])
    },
    removeMeter: ({ id }) => {
      const others = settings.current.wallMeters.filter((meter) => meter.id !== id)
      if (others.length === settings.current.wallMeters.length)
        return problem('unknownMeter', `There is no meter "${id}".`)
      const forgotten = secrets?.forget(secretNameOf({ id })) ?? ok(null)
      return forgotten.ok ? change(others) : forgotten
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
