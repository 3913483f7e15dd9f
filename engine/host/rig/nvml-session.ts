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
/** NVML_VALUE_NOT_AVAILABLE */
const NOT_TOLD = 0xffff_ffff_ffff_ffffn
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
    return {
      kind,
      count: own.length,
      bytes: processRecords(
        own.map(({ user }) => user),
        machine.rig.platform === 'win32',
      ),
    }
  })
  const samples = held.flatMap(({ user, index }) => {
    const smPct = Math.round(100 * sensors.userBusyRatio(card, index))
    return smPct === 0 ? [] : [{ pid: user.process.pid, atUs: `${Math.round(wallMs * 1_000)}`, smPct }]
  })
  // Windows' own memory manager lets NVIDIA's library tell neither memory nor time of a process.
  const isWindows = machine.rig.platform === 'win32'
  const isSplit = spec.slices.length > 0
  const energy = energyOf(machine, sensors, card)
  return {
    ...EMPTY,
    ...energy,
    // Of a card that is split it tells no utilisation, neither its own nor by process (nvml.h).
    codes: isSplit ? { ...energy.codes, gpuPct: NOT_SUPPORTED, samples: NOT_SUPPORTED } : energy.codes,
    pci: spec.pci,
    code: SUCCESS,
    gpuPct: isSplit ? null : Math.round(100 * sensors.cardBusyRatio(card)),
    isSplit,
    lists: isSplit ? [...lists, ...sliceLists(card, machine.atMs)] : lists,
    samples: isWindows || isSplit ? null : samples,
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
  return { codes: {}, energyMj: `${COUNTED_BEFORE_MJ + Math.floor(cardCounterMj(card))}`, powerUsageMw }
}

/** The same processes again, as each slice's own handle lists them. */
function sliceLists(card: CardState, atMs: number) {
  return card.spec.slices.map((_, slice) => {
    const own = card.users.filter((user) => user.process.spec.gpuSlice === slice && holdsNow(user, atMs))
    return { kind: 'compute', count: own.length, bytes: processRecords(own, false) }
  })
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
function processRecords(users: CardState['users'], isUntold: boolean): string {
  const bytes = Buffer.alloc(RECORD_BYTES * users.length)
  for (const [index, { process, bytes: held }] of users.entries()) {
    const at = index * RECORD_BYTES
    bytes.writeUInt32LE(process.pid, at)
    bytes.writeBigUInt64LE(isUntold ? NOT_TOLD : BigInt(held), at + 8)
    const { gpuSlice } = process.spec
    bytes.writeUInt32LE(gpuSlice === undefined ? NO_INSTANCE : gpuSlice + 1, at + 16)
    bytes.writeUInt32LE(gpuSlice === undefined ? NO_INSTANCE : 0, at + 20)
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
