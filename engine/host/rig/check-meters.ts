import type { Mistake } from './check.ts'
import { durationMs } from './duration.ts'
import type { Rig } from './schema.ts'

/** Plugs are asked every 2 s: longer ticks would not know when. */
const LONGEST_TICK_MS = 1_000
const LONGEST_MS = 7 * 86_400_000

/** What the schema cannot say of plugs. */
export function checkMeters(rig: Rig): Mistake[] {
  const { meters } = rig
  if (meters.length === 0) return []
  const mistakes = meters.flatMap((meter, index): Mistake[] => {
    const at = (field: string, expected: string): Mistake => ({ path: ['meters', index, field], expected })
    const before = meters.slice(0, index)
    if (before.some(({ id }) => id === meter.id)) return [at('id', 'expected each id once')]
    if (before.some(({ address }) => address === meter.address)) return [at('address', 'expected each address once')]
    return /^http:/.test(meter.address) ? [] : [at('address', 'expected an address such as http://192.168.1.20')]
  })
  if (rig.tick !== undefined && durationMs(rig.tick) > LONGEST_TICK_MS)
    mistakes.push({ path: ['tick'], expected: 'expected at most "1s" where there are meters' })
  if (durationMs(rig.duration) > LONGEST_MS)
    mistakes.push({ path: ['duration'], expected: 'expected at most "1w" where there are meters' })
  return mistakes
}
