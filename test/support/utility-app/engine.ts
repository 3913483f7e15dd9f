import { setTimeout as delay } from 'node:timers/promises'
import { openAppChannel } from '../../../engine/app-channel.ts'
import { systemClock } from '../../../engine/clock/system.ts'
import { createVendorPort } from '../../../engine/vendor/client.ts'
import { vendorUnderApp } from '../../../engine/vendor/vendor-utility.ts'

/** What an engine does with its vendor process, one after the other; says each outcome as a line of JSON on stderr, which main passes on. Ends while a driver hangs. */
const { launcher } = openAppChannel()
if (launcher === null) throw new Error('this is no utility process')
const clock = systemClock()
const port = createVendorPort({ start: vendorUnderApp(launcher, clock), clock })
const say = (what: object) => console.error(JSON.stringify(what))

async function outcome(driver: string, request: unknown): Promise<void> {
  const session = port.session(driver)
  const answer = await session.answer(request)
  say({ request, ok: answer.ok, reason: answer.ok ? null : answer.reason, pid: port.pid })
}

async function run(): Promise<void> {
  await outcome('one', 'hello')
  await outcome('one', 'abort')
  // A driver that broke rests for a second.
  await delay(1_100)
  await outcome('one', 'hang')
  await outcome('two', 'hello')
  const last = port.session('two')
  last.ask('hang aloud')
}

void run()
