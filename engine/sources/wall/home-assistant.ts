import { z } from 'zod'
import { ok, problem, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { askJson, bearer } from './ask.ts'
import type { Dialect, MeterFault, MeterLine, MeterSession, MeterUnit } from './dialect.ts'
import { decimalOf, quantityOf } from './quantity.ts'

const Entity = z.object({
  entity_id: z.string().max(255),
  /** Always text. */
  state: z.string(),
  last_reported: z.string().optional(),
  attributes: z.object({ unit_of_measurement: z.string().optional(), friendly_name: z.string().optional() }),
})
type Entity = z.infer<typeof Entity>

/**
 * Any power or energy entity of Home Assistant: `GET /api/states/<entity>` with a long-lived token. Read as what the user chose: watts as
 * they are, an energy entity by its steps. Its unit is said with every answer. Home Assistant developer docs, "REST API".
 */
export const homeAssistant: Dialect = {
  id: 'home-assistant',
  title: 'Home Assistant',
  pollMs: 5_000,
  plausibleMaxW: 50_000,
  gainRatio: GAIN.wallUnknown,
  open: (line) => new HomeAssistantSession(line),
}

/** Radio plugs report at least so often, even where nothing changes; an older figure is one of a plug that was lost. */
const STALE_MS = 3_600_000

class HomeAssistantSession implements MeterSession {
  readonly #line: MeterLine
  #reported: { readonly at: string; readonly sinceMs: number } | null = null

  constructor(line: MeterLine) {
    this.#line = line
  }

  async look(): Promise<Result<readonly MeterUnit[], MeterFault>> {
    const { unit } = this.#line.options
    if (unit === undefined) return all(this.#line)
    if (!/^sensor\.\w{1,200}$/.test(unit)) return problem('absent', `${unit} is no sensor of Home Assistant`)
    const entity = await askJson(this.#line, `/api/states/${unit}`, Entity, bearer(this.#line))
    if (!entity.ok) return entity
    return this.#isStale(entity.value)
      ? problem('absent', 'its plug has not reported for an hour')
      : ok(unitOf(entity.value))
  }

  /** By our own clock, since the other machine's may be wrong. Versions before 2024.8 do not tell. */
  #isStale({ last_reported: at }: Entity): boolean {
    if (at === undefined) return false
    const nowMs = this.#line.clock.monotonicMs()
    if (this.#reported?.at !== at) this.#reported = { at, sinceMs: nowMs }
    return nowMs - this.#reported.sinceMs > STALE_MS
  }
}

/** A large house has more than fits: then the user names the entity. */
async function all(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const entities = await askJson(line, '/api/states', z.array(z.unknown()), bearer(line))
  if (!entities.ok) return entities
  return ok(
    entities.value.flatMap((one) => {
      const entity = Entity.safeParse(one)
      return entity.success && entity.data.entity_id.startsWith('sensor.') ? unitOf(entity.data) : []
    }),
  )
}

function unitOf({ entity_id, state, attributes }: Entity): MeterUnit[] {
  const number = decimalOf(state)
  const unit = attributes.unit_of_measurement ?? ''
  const quantity = quantityOf(number ?? 0, unit)
  if (quantity === null) return []
  const name = attributes.friendly_name ?? entity_id
  // "unavailable" and "unknown" are states too.
  if (number === null) return [{ unit: entity_id, name, powerW: null, energy: null, isEstimate: false }]
  return [{ unit: entity_id, name, ...quantity, isEstimate: false }]
}
