import { problem } from '../../contract/result.ts'
import type { PowercapMachine } from '../engine/sources/powercap.ts'
import { BatteryMachine, EmiMachine } from '../engine/sources/windows-machine.ts'

type Trial = {
  readonly reads: () => PowercapMachine
  readonly fails: Readonly<Record<string, () => PowercapMachine>>
  readonly files: readonly string[]
}

/** Drivers are no files: their answers are fuzzed in test/engine/sources/emi.test.ts and battery-windows.test.ts. */
export const emiTrial: Trial = {
  reads: () => new EmiMachine(),
  fails: {
    absent: () => new EmiMachine([]),
    denied() {
      const machine = new EmiMachine()
      machine.override = () => ({ meters: [{ path: 'a', version: null, metadata: null, errorCode: 5 }] })
      return machine
    },
    broken() {
      const machine = new EmiMachine()
      machine.session.fault = problem('broken', 'The driver hung.')
      return machine
    },
  },
  files: [],
}

export const batteryWindowsTrial: Trial = {
  reads: () => new BatteryMachine(),
  fails: {
    absent: () => new BatteryMachine([]),
    broken() {
      const machine = new BatteryMachine()
      machine.session.fault = problem('broken', 'The driver hung.')
      return machine
    },
  },
  files: [],
}
