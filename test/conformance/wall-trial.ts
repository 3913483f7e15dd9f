import { ok } from '../../contract/result.ts'
import { PowercapMachine } from '../engine/sources/powercap.ts'
import { METER_ADDRESS, meterWith } from '../engine/sources/wall/meters.ts'
import { ScriptedContact } from '../engine/sources/wall/scripted-contact.ts'

/** A machine with a HomeWizard socket in front of it. What such sockets may answer is fuzzed in wall.test.ts: there is no file to damage. */
export const wallTrial = {
  reads() {
    const machine = new PowercapMachine()
    const contact = new ScriptedContact()
    contact.answer = ok({ status: 200, headers: {}, body: '{"active_power_w":43.5}' })
    machine.host.contacts.set(METER_ADDRESS, contact)
    machine.wallMeters = [meterWith()]
    return machine
  },
  fails: { absent: () => new PowercapMachine() },
  files: [],
}
