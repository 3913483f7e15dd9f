import { ok } from '../../../contract/result.ts'
import type { Clock } from '../../clock/clock.ts'
import type { VendorAnswer, VendorSession } from '../host.ts'
import { noVendor } from '../no-vendor.ts'
import { type CardState, cardCounterMj, cardPowerW, holdsNow, isCardAsleep } from './cards.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'

/** nvmlReturn_t of nvml.h. */
const SUCCESS = 0
const NOT_SUPPORTED = 3
const NO_PERMISSION = 4
const NOT_FOUND = 6
/** nvmlDeviceArchitecture_t: Ada averages its power over a second, Pascal neither counts energy nor averages. */
const ADA = 8
const PASCAL = 4
const RECORD_BYTES = 24
const NO_INSTANCE = 0xffff_ffff
const LIMIT_RATIO = 1.2
const LEAST_LIMIT_W = 75

/**
 * NVIDIA's library on a rig: answers at once with the records of engine/vendor/nvml.ts, built from the rig's state. `wake`: a card was asked
 * that slept.
 */
export function nvmlSession(
  machine: Machine,
  sensors: Sensors,
  clock: Clock,
  catchUp: () => void,
  wake: (card: CardState) => void,
): VendorSession {
  const cards = machine.cards.filter(({ spec }) => spec.vendor === 'nvidia' && spec.access !== 'absent')
  if (cards.length === 0 || cards.every(({ spec }) => spec.access === 'hidden')) {
    return noVendor('NVIDIA’s library is not installed on this machine.')
  }
  let latest: VendorAnswer | null = null

  function ask(request: unknown): VendorAnswer {
    catchUp()
    const { pcis, isSlow } = read(request)
    const asked = (pcis ?? cards.map(({ spec }) => spec.pci)).map((pci) => ({
      pci,
      card: cards.find(({ spec }) => spec.pci === pci),
    }))
    const records = asked.map(({ pci, card }) => {
      if (card === undefined) return { ...EMPTY, pci, code: NOT_FOUND }
      if (isCardAsleep(card, machine.atMs)) wake(card)
      return record(machine, sensors, card, isSlow, clock.wallMs())
    })
    const atMs = clock.monotonicMs()
    latest = { value: { init: SUCCESS, isSlow, cards: records }, askedMs: atMs, answeredMs: atMs }
    return latest
  }

  return {
    ask,
    get latest() {
      return latest
    },
    problem: null,
    answer: (request) => Promise.resolve(ok(ask(request))),
    close() {
      latest = null
    },
  }
}

const EMPTY = {
  codes: {},
  energyMj: null,
  powerAverageMw: null,
  powerInstantMw: null,
  powerUsageMw: null,
  gpuPct: null,
  isSplit: false,
  lists: [],
  samples: null,
  description: null,
}

function record(machine: Machine, sensors: Sensors, card: CardState, isSlow: boolean, wallMs: number) {
  const { spec, users } = card
  const held = users.map((user, index) => ({ user, index })).filter(({ user }) => holdsNow(user, machine.atMs))
  const lists = (['compute', 'graphics'] as const).map((kind) => {
    const own = held.filter(({ user }) => (user.process.spec.app !== undefined) === (kind === 'compute'))
    return { kind, count: own.length, bytes: processRecords(own.map(({ user }) => user)) }
  })
  const samples = held.flatMap(({ user, index }) => {
    const smPct = Math.round(100 * sensors.userBusyRatio(card, index))
    return smPct === 0 ? [] : [{ pid: user.process.pid, atUs: `${Math.round(wallMs * 1_000)}`, smPct }]
  })
  return {
    ...EMPTY,
    ...energyOf(machine, sensors, card),
    pci: spec.pci,
    code: SUCCESS,
    gpuPct: Math.round(100 * sensors.cardBusyRatio(card)),
    lists,
    samples,
    description: isSlow ? description(card) : null,
  }
}

function energyOf(machine: Machine, sensors: Sensors, card: CardState) {
  const { access, counter } = card.spec
  if (access === 'denied') return { codes: { energyMj: NO_PERMISSION, powerUsageMw: NO_PERMISSION } }
  const powerW = counter ? sensors.cardW(card) : cardPowerW(card, machine.atMs)
  const powerUsageMw = Math.round(powerW * 1_000)
  if (!counter) return { codes: { energyMj: NOT_SUPPORTED }, powerUsageMw }
  // It counts since the driver was loaded: long before the rig.
  return { energyMj: `${COUNTED_BEFORE_MJ + Math.floor(cardCounterMj(card))}`, powerUsageMw }
}

const COUNTED_BEFORE_MJ = 1_000_000_000

function description({ spec, number }: CardState) {
  const limitMw = Math.round(1_000 * Math.max(LEAST_LIMIT_W, LIMIT_RATIO * (spec.floorW + spec.wattsPerEngine)))
  return {
    name: spec.name,
    uuid: `GPU-00000000-0000-4000-8000-00000000000${number.toString(16)}`,
    architecture: spec.counter ? ADA : PASCAL,
    enforcedLimitMw: limitMw,
    defaultLimitMw: limitMw,
    memoryBytes: `${spec.memoryBytes}`,
  }
}

/** nvmlProcessInfo_t: pid @0, bytes held @8, instances @16. */
function processRecords(users: CardState['users']): string {
  const bytes = Buffer.alloc(RECORD_BYTES * users.length)
  for (const [index, { process, bytes: held }] of users.entries()) {
    const at = index * RECORD_BYTES
    bytes.writeUInt32LE(process.pid, at)
    bytes.writeBigUInt64LE(BigInt(held), at + 8)
    bytes.writeUInt32LE(NO_INSTANCE, at + 16)
    bytes.writeUInt32LE(NO_INSTANCE, at + 20)
  }
  return bytes.toString('base64')
}

/** The engine's own question; whatever else it is, every card is meant. */
function read(request: unknown): { readonly pcis: readonly string[] | null; readonly isSlow: boolean } {
  if (typeof request !== 'object' || request === null) return { pcis: null, isSlow: true }
  const pcis: unknown = 'pcis' in request ? request.pcis : null
  const isSlow = 'isSlow' in request && request.isSlow === true
  return { pcis: Array.isArray(pcis) ? pcis.filter((pci) => typeof pci === 'string') : null, isSlow }
}
