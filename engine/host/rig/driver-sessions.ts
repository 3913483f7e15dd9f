import type { Clock } from '../../clock/clock.ts'
import type { LookRequest } from '../../processes/macos-look.ts'
import type { VendorSession } from '../host.ts'
import { noVendor } from '../no-vendor.ts'
import { answeringSession } from './answering-session.ts'
import { ioreportAnswer, smartBatteryAnswer, smcAnswer, wholeZone } from './mac-power.ts'
import { acceleratorsAnswer, macLooks } from './mac-processes.ts'
import type { Machine } from './machine.ts'
import type { Sensors } from './sensors.ts'
import { emiAnswer, windowsBatteryAnswer } from './windows-power.ts'
import { pdhAnswer, windowsProcessesAnswer } from './windows-processes.ts'

/** Driver libraries of a rig that is no Linux machine, by name: they answer with the records of engine/vendor, made from the rig's state. */
export function driverSessions(
  machine: Machine,
  sensors: Sensors,
  clock: Clock,
  catchUp: () => void,
): (driver: string) => VendorSession | null {
  const told = (read: (request: unknown) => unknown) =>
    answeringSession(clock, (request) => {
      catchUp()
      return read(request)
    })

  function mac(driver: string): VendorSession | null {
    if (driver === 'libproc') {
      const look = macLooks(machine)
      return told((request) => look(request as LookRequest))
    }
    if (driver === 'ioreport' && ioreportAnswer(machine) !== null) return told(() => ioreportAnswer(machine))
    if (driver === 'smc') {
      const isDenied = wholeZone(machine)?.access === 'denied'
      return isDenied ? refused : told((request) => smcAnswer(machine, sensors, request))
    }
    if (driver === 'smart-battery' && machine.battery !== null) return told(() => smartBatteryAnswer(machine, sensors))
    if (driver === 'accelerators' && machine.cards.length > 0) return told(() => acceleratorsAnswer(machine))
    return null
  }

  function windows(driver: string): VendorSession | null {
    if (driver === 'emi') return told((request) => emiAnswer(machine, request))
    if (driver === 'battery-windows') return told(() => windowsBatteryAnswer(machine, sensors))
    if (driver === 'processes-windows') return told((request) => windowsProcessesAnswer(machine, request))
    return driver === 'pdh' ? told(() => pdhAnswer(machine)) : null
  }

  const { platform } = machine.rig
  return platform === 'darwin' ? mac : platform === 'win32' ? windows : () => null
}

const refused = noVendor(
  'This Mac’s system management controller is there, but macOS does not let this program read it.',
  'denied',
)
