import { problem } from '../../contract/result.ts'
import {
  batteryAnswer,
  channelsAnswer,
  countingChip,
  flt,
  MacMachine,
  smcAnswer,
} from '../engine/sources/mac-machine.ts'
import type { PowercapMachine } from '../engine/sources/powercap.ts'

type Trial = {
  readonly reads: () => PowercapMachine
  readonly fails: Readonly<Record<string, () => PowercapMachine>>
  readonly files: readonly string[]
}

export const ioreportTrial: Trial = {
  reads() {
    const machine: MacMachine = new MacMachine({ ioreport: countingChip('m4', () => machine) })
    return machine
  },
  fails: {
    absent: () => new MacMachine({}),
    broken: () => new MacMachine({ ioreport: () => channelsAnswer([['CPU Energy', 'W', 1]]) }),
  },
  files: [],
}

export const smcTrial: Trial = {
  reads: () => new MacMachine({ smc: smcAnswer({ PSTR: flt(12), PCPT: flt(5) }) }),
  fails: {
    absent: () => new MacMachine({ smc: smcAnswer({}) }),
    denied: () =>
      new MacMachine({
        smc: () => problem('denied', 'The controller is there, but macOS does not let this program read it.'),
      }),
    broken: () => new MacMachine({ smc: smcAnswer({ PSTR: flt(Number.NaN) }) }),
  },
  files: [],
}

export const smartBatteryTrial: Trial = {
  reads: () => new MacMachine({ 'smart-battery': () => batteryAnswer({}) }),
  fails: {
    absent: () => new MacMachine({ 'smart-battery': () => problem('absent', 'This Mac has no battery.') }),
    broken: () => new MacMachine({ 'smart-battery': () => ({ properties: {} }) }),
  },
  files: [],
}
