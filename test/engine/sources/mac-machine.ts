import type { MachineFacts } from '../../../engine/host/host.ts'
import { type Script, ScriptedSession } from '../../support/scripted-session.ts'
import { PowercapMachine } from './powercap.ts'

/** A Mac by what its driver libraries answer; each may be missing. */
export class MacMachine extends PowercapMachine {
  readonly sessions: Readonly<Record<string, ScriptedSession>>

  constructor(scripts: Readonly<Record<string, Script>>, facts: Partial<MachineFacts> = {}) {
    super({}, { cpuVendor: 'Apple', chassis: 'laptop', ...facts })
    const { clock } = this.host
    this.sessions = Object.fromEntries(
      Object.entries(scripts).map(([driver, script]) => [driver, new ScriptedSession(clock, script)]),
    )
    for (const [driver, session] of Object.entries(this.sessions)) this.host.vendors.set(driver, session)
  }

  session(driver: string): ScriptedSession {
    const session = this.sessions[driver]
    if (session === undefined) throw new Error(`no session of ${driver}`)
    return session
  }

  /** A second passes in which the machine works on one CPU. */
  work(forMs = 1_000): void {
    this.host.clock.advance(forMs)
    const atMs = this.host.clock.monotonicMs()
    this.load = { atMs, busyMs: atMs, logicalCpus: 8 }
  }
}

/** Names and units of group `Energy Model` by chip (ml-energy/zeus-apple-silicon README and tests; vladkens/macmon). */
export const CHIPS = {
  m1: [
    ['ECPU0', 'mJ'],
    ['PCPU0', 'mJ'],
    ['ECPU', 'mJ'],
    ['PCPU', 'mJ'],
    ['ECPM', 'mJ'],
    ['CPU Energy', 'mJ'],
    ['GPU SRAM0', 'mJ'],
    ['GPU Energy', 'nJ'],
    ['ANE0', 'mJ'],
    ['DRAM0', 'mJ'],
  ],
  m4: [
    ['EACC_CPU0', 'mJ'],
    ['PACC0_CPU', 'mJ'],
    ['CPU Energy', 'mJ  '],
    ['GPU SRAM', 'mJ'],
    ['GPU Energy', 'nJ'],
    ['ANE', 'uJ'],
    ['DRAM', 'mJ'],
    ['DISP', 'mJ'],
  ],
  m5Max: [
    ['MCPU0_0', 'mJ'],
    ['CPU Energy', 'mJ'],
    ['GPU Energy', 'nJ'],
    ['ANE', 'mJ'],
    ['DRAM', 'mJ'],
  ],
  m1Ultra: [
    ['DIE_0_ECPU', 'mJ'],
    ['DIE_0_CPU Energy', 'mJ'],
    ['DIE_1_CPU Energy', 'mJ'],
    ['GPU Energy', 'nJ'],
    ['GPU SRAM0_0', 'mJ'],
    ['ANE0_0', 'mJ'],
    ['ANE0_1', 'mJ'],
    ['DRAM0', 'mJ'],
    ['DRAM1', 'mJ'],
  ],
} as const satisfies Record<string, readonly (readonly [name: string, unit: string])[]>

export type Value = readonly [name: string, unit: string, value: bigint | number | string]

export function channelsAnswer(values: readonly Value[]): unknown {
  return { channels: values.map(([name, unit, value]) => ({ name, unit, value: String(value) })) }
}

/** A chip whose every channel counts one unit a millisecond. */
export function countingChip(chip: keyof typeof CHIPS, machine: () => MacMachine): Script {
  return () => channelsAnswer(CHIPS[chip].map(([name, unit]) => [name, unit, machine().host.clock.monotonicMs()]))
}

export function smcAnswer(keys: Readonly<Record<string, readonly [type: string, hex: string]>>): Script {
  return (request) => {
    const asked = (request as { keys: string[] }).keys
    return {
      keys: Object.fromEntries(
        asked.map((key) => {
          const [type, hex] = keys[key] ?? ['', '']
          return [key, { code: 0, result: type === '' ? 0x84 : 0, type, hex }]
        }),
      ),
    }
  }
}

/** A float as the controller of an Apple chip has it. */
export function flt(value: number): readonly ['flt ', string] {
  const bytes = new Uint8Array(new Float32Array([value]).buffer)
  return ['flt ', Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')]
}

export type BatteryProperties = {
  volts?: number
  amps?: number
  isOnMains?: boolean
  /** Sum of the controller's samples in mW, and how many. */
  load?: readonly [sumMw: number, samples: number]
}

export function batteryAnswer({ volts = 12, amps = -1, isOnMains = false, load }: BatteryProperties): unknown {
  return {
    properties: {
      Voltage: String(volts * 1_000),
      Amperage: String(amps * 1_000),
      InstantAmperage: null,
      ExternalConnected: isOnMains,
      PowerTelemetryData:
        load === undefined
          ? null
          : {
              AccumulatedSystemLoad: String(load[0]),
              SystemLoadAccumulatorCount: String(load[1]),
              SystemLoad: '12000',
            },
    },
  }
}
