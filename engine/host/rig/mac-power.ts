import { fullMj, levelMj } from './battery.ts'
import { noise } from './bursts.ts'
import { cardCounterMj } from './cards.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'
import type { ZoneState } from './zones.ts'

/** Names and units of an M4's channels (ml-energy/zeus-apple-silicon README): CPU and memory in mJ, GPU in nJ, Neural Engine in µJ. */
const CHANNELS = [
  { zone: 'package-0', name: 'CPU Energy', unit: 'mJ', perMj: 1 },
  { zone: 'dram', name: 'DRAM', unit: 'mJ', perMj: 1 },
  { zone: 'npu', name: 'ANE', unit: 'uJ', perMj: 1_000 },
] as const
const GPU_CHANNEL = { name: 'GPU Energy', unit: 'nJ', perMj: 1_000_000 } as const

type Channel = { readonly name: string; readonly unit: string; readonly value: string }

/** As engine/vendor/ioreport.ts answers; `null` where this machine shows no channel. */
export function ioreportAnswer(machine: Machine): { readonly channels: readonly Channel[] } | null {
  const channels: Channel[] = CHANNELS.flatMap(({ zone: name, ...channel }) => {
    const zone = machine.zones.find(({ spec, access }) => spec.zone === name && access !== 'absent')
    return zone === undefined ? [] : [channelOf(channel, machine.counterMj(zone))]
  })
  for (const card of machine.cards) {
    if (card.spec.access !== 'absent') channels.push(channelOf(GPU_CHANNEL, cardCounterMj(card)))
  }
  return channels.length === 0 ? null : { channels }
}

function channelOf(
  { name, unit, perMj }: Omit<(typeof CHANNELS)[number], 'zone'> | typeof GPU_CHANNEL,
  mj: number,
): Channel {
  return { name, unit, value: `${Math.floor(mj * perMj + 1e-6)}` }
}

/** Of a value that is measured, not computed: it never stands still. */
const NOISE_RATIO = 0.004
const NOISE_SEED = 11
const NO_SUCH_KEY = 0x84

export function wholeZone(machine: Machine): ZoneState | null {
  return machine.zones.find(({ teller }) => teller === 'smc') ?? null
}

/** As engine/vendor/smc.ts answers: `PSTR` is the mean of the last second, an IEEE float in the machine's byte order. */
export function smcAnswer(machine: Machine, sensors: Sensors, request: unknown) {
  const zone = wholeZone(machine)
  const jitter = 1 + NOISE_RATIO * (noise(NOISE_SEED, Math.floor(machine.atMs / 1_000), 0) - 0.5)
  const hex = Buffer.from(Float32Array.of(sensors.machineW() * jitter).buffer).toString('hex')
  const pstr = { code: 0, result: 0, type: 'flt ', hex }
  const missing = { code: 0, result: NO_SUCH_KEY, type: '', hex: '' }
  const isTold = zone !== null && zone.access !== 'absent'
  return { keys: Object.fromEntries(keysOf(request).map((key) => [key, isTold && key === 'PSTR' ? pstr : missing])) }
}

function keysOf(request: unknown): string[] {
  const keys: unknown = typeof request === 'object' && request !== null && 'keys' in request ? request.keys : null
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : []
}

const VOLTAGE_MV = 12_400
const CHARGE_MA = 3_600
/** The controller adds up a sample of the whole machine's power each second. */
const SAMPLE_MS = 1_000
/** It had been counting for long. */
const SAMPLES_BEFORE = 100_000

/** As engine/vendor/smart-battery.ts answers; `null` where there is no battery. */
export function smartBatteryAnswer(machine: Machine, sensors: Sensors) {
  const { battery } = machine
  if (battery === null) return null
  const { spec, isPlugged } = battery
  const isFull = levelMj(battery, machine.drawnMj(), machine.awakeMs()) >= fullMj(spec)
  const givenMa = Math.round(((sensors.machineW() + spec.floorW) * 1e6) / VOLTAGE_MV)
  const currentMa = isPlugged ? (isFull ? 0 : CHARGE_MA) : -givenMa
  const drawnMj = machine.drawnMj() + spec.floorW * machine.awakeMs()
  return {
    properties: {
      Voltage: `${VOLTAGE_MV}`,
      Amperage: `${currentMa}`,
      InstantAmperage: `${currentMa}`,
      ExternalConnected: isPlugged,
      PowerTelemetryData: {
        // 1 W over a second is a sample of 1,000 mW, and 1,000 mJ.
        AccumulatedSystemLoad: `${Math.floor(drawnMj)}`,
        SystemLoadAccumulatorCount: `${SAMPLES_BEFORE + Math.floor(machine.awakeMs() / SAMPLE_MS)}`,
      },
    },
  }
}
