import { systemClock } from '../../../engine/clock/system.ts'
import { createVendorPort } from '../../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../../engine/vendor/vendor-process.ts'

/** An engine's part in a vendor process, to be killed or to end; says the process and the answer. Arguments: entry, request, `stay`. */
const [, , entry = '', request = '', stay] = process.argv
const clock = systemClock()
const port = createVendorPort({ start: vendorUnderNode(new URL(entry, import.meta.url), clock), clock })
const answer = port.session('one').answer(request)
console.log(port.pid)
if (stay !== undefined) setInterval(() => {}, 60_000)
const answered = await answer
console.log(answered.ok ? 'answered' : answered.reason)
