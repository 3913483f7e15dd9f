import type { MachineFacts } from '../../../engine/host/host.ts'
import { ScriptedVendor } from '../../support/scripted-vendor.ts'
import { PowercapMachine } from './powercap.ts'

export type Meter = {
  readonly path: string
  readonly names: readonly string[]
  /** Joules of each channel at the start, and watts from then on. */
  readonly joules: readonly number[]
  readonly watts: readonly number[]
  readonly version?: 1 | 2
}

export const RAPL_METER: Meter = {
  path: '\\\\?\\ppm',
  names: ['RAPL_Package0_PKG', 'RAPL_Package0_PP0', 'RAPL_Package0_PP1', 'RAPL_Package0_DRAM'],
  joules: [5_000, 3_000, 400, 700],
  watts: [20, 12, 2, 3],
}

/** A machine with the energy meters of Windows, built from the layouts of emi.h: nothing here was read from a real one. */
export class EmiMachine extends PowercapMachine {
  readonly session: ScriptedVendor
  meters: Meter[]
  /** What the driver answers instead. */
  override: ((request: unknown) => unknown) | null = null

  constructor(meters: Meter[] = [RAPL_METER], facts: Partial<MachineFacts> = {}) {
    super({}, facts)
    this.meters = meters
    this.session = new ScriptedVendor(this.host.clock, (request) => this.override?.(request) ?? this.#answer(request))
    this.host.vendors.set('emi', this.session)
  }

  #answer(request: unknown): unknown {
    const paths = new Map(this.meters.map((meter) => [meter.path, meter]))
    if (typeof request !== 'object' || request === null || !('meters' in request) || !Array.isArray(request.meters)) {
      return { meters: this.meters.map(describe) }
    }
    return {
      measurements: request.meters.map(({ path }: { path: string }) => {
        const meter = paths.get(path)
        return meter === undefined ? null : this.#measure(meter)
      }),
    }
  }

  #measure({ joules, watts }: Meter): string {
    const nowMs = this.host.clock.monotonicMs()
    return measurementHex(
      joules.map((start, index) => ({
        pwh: BigInt(Math.round((start + ((watts[index] ?? 0) * nowMs) / 1_000) / 3.6e-9)),
        time: BigInt(Math.round(nowMs * 10_000)) + 1_234_567_890n,
      })),
    )
  }
}

function describe({ path, names, version = 2 }: Meter) {
  const metadata = version === 2 ? metadataV2(names) : metadataV1(names[0] ?? '')
  return { path, version: version === 2 ? '0200' : '0100', metadata, errorCode: null }
}

/** EMI_METADATA_V2. */
export function metadataV2(names: readonly string[], unit = 0): string {
  const head = Buffer.alloc(68)
  head.write('Intel', 0, 'utf16le')
  head.write('RAPL', 32, 'utf16le')
  head.writeUInt16LE(3, 64)
  head.writeUInt16LE(names.length, 66)
  const channels = names.map((name) => {
    const text = Buffer.from(`${name}\0`, 'utf16le')
    const channel = Buffer.alloc(6)
    channel.writeInt32LE(unit, 0)
    channel.writeUInt16LE(text.length, 4)
    return Buffer.concat([channel, text])
  })
  return Buffer.concat([head, ...channels]).toString('hex')
}

/** EMI_METADATA_V1. */
export function metadataV1(name: string, unit = 0): string {
  const text = Buffer.from(`${name}\0`, 'utf16le')
  const head = Buffer.alloc(72)
  head.writeInt32LE(unit, 0)
  head.write('Maker', 4, 'utf16le')
  head.write('Chip', 36, 'utf16le')
  head.writeUInt16LE(text.length, 70)
  return Buffer.concat([head, text]).toString('hex')
}

/** EMI_CHANNEL_MEASUREMENT_DATA of each channel. */
export function measurementHex(channels: readonly { pwh: bigint; time: bigint }[]): string {
  const bytes = Buffer.alloc(16 * channels.length)
  for (const [index, { pwh, time }] of channels.entries()) {
    bytes.writeBigUInt64LE(pwh, 16 * index)
    bytes.writeBigUInt64LE(time, 16 * index + 8)
  }
  return bytes.toString('hex')
}

export type Slot = { capabilities?: number; state?: number; rateMw?: number } | null

export const ON_BATTERY = 2
export const ON_MAINS = 1

/** A laptop whose batteries are written by the layouts of poclass.h; `null` is an empty slot. */
export class BatteryMachine extends PowercapMachine {
  readonly session: ScriptedVendor
  slots: Slot[]

  constructor(slots: Slot[] = [{}]) {
    super()
    this.slots = slots
    this.session = new ScriptedVendor(this.host.clock, () => ({ batteries: this.slots.map(batteryRecord) }))
    this.host.vendors.set('battery-windows', this.session)
  }
}

export function batteryRecord(slot: Slot, index: number) {
  const path = `battery ${index}`
  if (slot === null) return { path, information: null, status: null }
  const { capabilities = 0x8000_0000, state = ON_BATTERY, rateMw = -12_500 } = slot
  const information = Buffer.alloc(36)
  information.writeUInt32LE(capabilities, 0)
  const status = Buffer.alloc(16)
  status.writeUInt32LE(state, 0)
  status.writeUInt32LE(48_000, 4)
  status.writeUInt32LE(11_800, 8)
  status.writeInt32LE(rateMw, 12)
  return { path, information: information.toString('hex'), status: status.toString('hex') }
}
