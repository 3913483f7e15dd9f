import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import { virtualClock } from '../../../engine/clock/virtual.ts'
import { realHost } from '../../../engine/host/real.ts'
import { createVendorPort } from '../../../engine/vendor/client.ts'
import { vendorUnderNode } from '../../../engine/vendor/vendor-process.ts'
import { fcOptions, runs } from '../../support/counts.ts'
import { hasEnded } from './has-ended.ts'

const onLinux = test.runIf(process.platform === 'linux')
/** Two missed answers of a library that is loaded, or of one that is just being opened. */
const HUNG_MS = 4_000
const HUNG_OPENING_MS = 10_000

/** A real process of scripted drivers, under a clock that the test moves. */
function portOf(file = new URL('./process.ts', import.meta.url)) {
  const clock = virtualClock({ wallMs: 0 })
  const port = createVendorPort({ start: vendorUnderNode(file, clock), clock })
  const open = (driver: string) => {
    const session = port.session(driver)
    onTestFinished(() => session.close())
    return session
  }
  return { port, clock, open }
}

/** A kill is seen by the operating system first, and by us a moment later. */
const whenMended = (session: ReturnType<ReturnType<typeof portOf>['open']>, request?: unknown) =>
  vi.waitFor(async () => expect(await session.answer(request)).toMatchObject({ ok: true }), { timeout: 10_000 })

test('nothing is started before the first question', () => {
  const { port, open } = portOf()
  const session = open('one')
  expect([port.pid, session.latest, session.problem]).toEqual([null, null, null])
})

test('a driver answers with what it was asked, and the answer says when it was asked and when it came', async () => {
  const { clock, open } = portOf()
  const session = open('one')
  clock.advance(7)
  const answer = session.answer({ cards: ['0000:01:00.0'] })
  clock.advance(30)
  const value = { request: { cards: ['0000:01:00.0'] }, opened: 1, reads: 1 }
  const answered = { value: expect.objectContaining(value), askedMs: 7, answeredMs: 37 }
  expect(await answer).toEqual({ ok: true, value: answered })
  expect(session.latest).toEqual(answered)
})

test('a question on the tick returns at once, one is under way at a time, and the newest answer stays until the next', async () => {
  const { port, open } = portOf()
  const session = open('one')
  for (let tick = 0; tick < 5; tick++) session.ask('tick')
  expect(session.latest).toBeNull()
  await vi.waitFor(() => expect(session.latest?.value).toMatchObject({ reads: 1, request: 'tick' }), {
    timeout: 10_000,
  })
  session.ask('next')
  expect(session.latest?.value).toMatchObject({ reads: 1 })
  expect(await session.answer('last')).toMatchObject({ value: { value: { reads: 3, pid: port.pid } } })
})

test('several drivers share one process, and several sessions one library', async () => {
  const { port, open } = portOf()
  const [first, again, other] = [open('one'), open('one'), open('two')]
  const answers = await Promise.all([first.answer('a'), again.answer('b'), other.answer('c')])
  expect(answers).toMatchObject([
    { value: { value: { request: 'a', opened: 1, reads: 1, pid: port.pid } } },
    { value: { value: { request: 'b', opened: 1, reads: 2, pid: port.pid } } },
    { value: { value: { request: 'c', opened: 1, reads: 1, pid: port.pid } } },
  ])
})

test('a driver that knows nothing to tell answers null, which is an answer', async () => {
  const session = portOf().open('one')
  expect(await session.answer('nothing')).toMatchObject({ ok: true, value: { value: null } })
})

test('a library that is absent or denied says so; only a probe asks again, and its process ends', async () => {
  const { port, clock, open } = portOf()
  const [absent, denied] = [open('none'), open('locked')]
  expect(await absent.answer()).toEqual({
    ok: false,
    code: 'absent',
    reason: 'There is no such library.',
    remedy: null,
  })
  expect(await denied.answer()).toMatchObject({ code: 'denied', reason: 'Root alone may load it.' })
  expect(port.pid).not.toBeNull()
  clock.advance(5_000)
  expect(port.pid).toBeNull()
  for (let tick = 0; tick < 10; tick++) {
    clock.advance(1_000)
    absent.ask()
    denied.ask()
  }
  expect([port.pid, absent.problem?.code, denied.problem?.code]).toEqual([null, 'absent', 'denied'])
  expect(await absent.answer()).toMatchObject({ code: 'absent' })
})

test('a driver of another system, or one that nobody wrote, is absent', async () => {
  const { open } = portOf()
  for (const name of ['nowhere', 'unheard-of'])
    expect(await open(name).answer()).toMatchObject({
      code: 'absent',
      reason: `There is no driver library ${name} on this system.`,
    })
})

test('a driver that hangs is killed at its second missed answer and not before; it is tried again after a pause', async () => {
  const { port, clock, open } = portOf()
  const session = open('one')
  await session.answer()
  const pid = port.pid ?? 0
  const answer = session.answer('hang')
  clock.advance(HUNG_MS - 1)
  expect([port.pid, session.problem]).toEqual([pid, null])
  clock.advance(1)
  const reason = 'The driver library one did not answer for 4 s; it is tried again after a pause.'
  expect(await answer).toEqual({ ok: false, code: 'broken', reason, remedy: null })
  expect([port.pid, session.latest, session.problem?.reason]).toEqual([null, null, reason])
  session.ask()
  expect(port.pid).toBeNull()
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000 })
  clock.advance(1_000)
  await whenMended(session)
  expect([session.problem, port.pid === pid]).toEqual([null, false])
})

test('a stall of the engine itself is no missed answer of the driver', async () => {
  const { port, clock, open } = portOf()
  const session = open('one')
  await session.answer()
  const answer = session.answer('after the stall')
  clock.stall(60_000)
  clock.advance(0)
  expect(await answer).toMatchObject({ ok: true })
  expect(port.pid).not.toBeNull()
})

test('a library that hangs while it loads has longer, and is killed too', async () => {
  const { port, clock, open } = portOf()
  const answer = open('slow').answer()
  clock.advance(HUNG_OPENING_MS - 1)
  expect(port.pid).not.toBeNull()
  clock.advance(1)
  expect(await answer).toMatchObject({
    code: 'broken',
    reason: 'The driver library slow did not answer for 10 s; it is tried again after a pause.',
  })
})

test('a driver that waits behind one that hangs is asked anew, and is not blamed', async () => {
  const { clock, open } = portOf()
  const [guilty, other] = [open('one'), open('two')]
  await Promise.all([guilty.answer(), other.answer()])
  const hung = guilty.answer('hang')
  const waiting = other.answer('behind')
  clock.advance(HUNG_MS)
  expect(await hung).toMatchObject({ code: 'broken' })
  expect(other.latest).toBeNull()
  expect(await waiting).toMatchObject({ ok: true, value: { value: { request: 'behind', reads: 1 } } })
  expect([guilty.problem?.code, other.problem]).toEqual(['broken', null])
})

test.each([
  ['abort', 'SIGABRT'],
  ['exit', 'exit code 3'],
])('a process that ends by %s is told by how it ended', async (request, how) => {
  const { port, open } = portOf()
  const session = open('one')
  expect(await session.answer(request)).toMatchObject({
    code: 'broken',
    reason: `The process of driver libraries ended while one was asked (${how}); it is tried again after a pause.`,
  })
  expect([port.pid, session.latest]).toEqual([null, null])
})

test('a crash between two questions takes the answers with it', async () => {
  const { port, open } = portOf()
  const session = open('one')
  expect(await session.answer('abort later')).toMatchObject({ ok: true })
  await vi.waitFor(() => expect(port.pid).toBeNull(), { timeout: 10_000 })
  expect(session.latest).toBeNull()
  expect(session.problem?.reason).toMatch(/^The process of driver libraries ended \(/)
})

test('a driver that crashes again and again is asked less and less often', async () => {
  const { port, clock, open } = portOf()
  const session = open('one')
  for (const restMs of [1_000, 2_000, 4_000]) {
    expect(await session.answer('abort')).toMatchObject({ code: 'broken' })
    clock.advance(restMs - 1)
    session.ask()
    expect(await session.answer()).toMatchObject({ code: 'broken' })
    expect(port.pid).toBeNull()
    clock.advance(1)
  }
  await whenMended(session)
})

test('a process that ends before it answers anything is a problem like any other', async () => {
  const { port, open } = portOf(new URL('../../../engine/vendor/backoff.ts', import.meta.url))
  expect(await open('one').answer()).toMatchObject({ code: 'broken', reason: expect.stringContaining('exit code 0') })
  expect(port.pid).toBeNull()
})

test.each([
  ['throw', 'The driver library one could not be read: Error: a mistake.'],
  ['bigint', 'The driver library one could not be read: TypeError: Do not know how to serialize a BigInt.'],
])('a mistake in a driver (%s) is told and does not end the process', async (request, reason) => {
  const { port, clock, open } = portOf()
  const session = open('one')
  expect(await session.answer(request)).toMatchObject({ code: 'broken', reason })
  const pid = port.pid
  clock.advance(1_000)
  expect(await session.answer()).toMatchObject({ ok: true, value: { value: { pid, reads: 2 } } })
})

test.each([
  ['no JSON', 'NVRM: Xid'],
  ['no reply', '{"kind":"power","id":0}'],
  ['an answer without a value', '{"kind":"answer","id":0}'],
  ['another question’s answer', '{"kind":"answer","id":7,"value":1}'],
  ['a problem of no known kind', '{"kind":"problem","id":0,"code":"sad","reason":"x","remedy":null}'],
  ['an answer with more than belongs to it', '{"kind":"answer","id":0,"value":1,"more":2}'],
])('%s on the channel is refused, and the process with it', async (_, say) => {
  const { port, open } = portOf()
  const session = open('one')
  expect(await session.answer({ say })).toMatchObject({
    code: 'broken',
    reason:
      'The process of driver libraries said what cannot be read while one was asked; it is tried again after a pause.',
  })
  expect([port.pid, session.latest]).toEqual([null, null])
})

test('whatever a library writes to the channel is never taken for an answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })), async (say) => {
      const { open } = portOf()
      const session = open('one')
      expect(await session.answer({ say })).toMatchObject({ code: 'broken' })
      session.close()
    }),
    fcOptions('vendor-nonsense', 5, 200),
  )
})

test('an answer of millions of characters is refused', async () => {
  const session = portOf().open('one')
  expect(await session.answer('long')).toMatchObject({
    code: 'broken',
    reason: expect.stringContaining('cannot be read'),
  })
})

test('closing one of two drivers unloads it; closing the last ends the process', async () => {
  const { port, open } = portOf()
  const [first, second] = [open('one'), open('two')]
  await Promise.all([first.answer(), second.answer()])
  const pid = port.pid ?? 0
  first.close()
  const again = open('one')
  expect(await again.answer()).toMatchObject({ value: { value: { opened: 2, reads: 1, pid } } })
  again.close()
  second.close()
  expect([port.pid, first.latest, second.latest]).toEqual([null, null, null])
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000 })
})

test('a process that does not end when it is closed is killed', async () => {
  const { port, clock, open } = portOf()
  const session = open('one')
  await session.answer()
  const pid = port.pid ?? 0
  const answer = session.answer('hang')
  session.close()
  expect(await answer).toMatchObject({ code: 'broken', reason: 'This driver library was closed before it answered.' })
  clock.advance(2_000)
  await vi.waitFor(() => expect(hasEnded(pid)).toBe(true), { timeout: 10_000 })
})

test('a session that was closed asks nothing and answers no more', async () => {
  const { port, open } = portOf()
  const session = open('one')
  session.close()
  session.close()
  session.ask()
  expect(await session.answer()).toMatchObject({ code: 'broken' })
  expect(port.pid).toBeNull()
})

onLinux('Ctrl-C in the terminal of an engine does not end what it still reads from', async () => {
  const { port, open } = portOf()
  const session = open('one')
  await session.answer()
  process.kill(port.pid ?? 0, 'SIGINT')
  expect(await session.answer()).toMatchObject({ value: { value: { pid: port.pid, reads: 2 } } })
})

const asks = runs('vendor', 200, 10_000)
onLinux(
  `${asks} questions and ${asks / 50} processes leave no descriptor and no memory behind`,
  async () => {
    const { port, open } = portOf()
    const keeper = open('one')
    await keeper.answer()
    // A program that has just started still compiles and makes room; what a leak adds, it adds for ever.
    for (let index = 0; index < asks / 2; index++) await keeper.answer({ index })
    const before = residentMb(port.pid)
    for (let index = 0; index < asks; index++) await keeper.answer({ index })
    expect(residentMb(port.pid) - before).toBeLessThan(8)
    keeper.close()

    const pids: number[] = []
    const descriptors = () => readdirSync('/proc/self/fd').length
    const openBefore = descriptors()
    for (let index = 0; index < asks / 50; index++) {
      const session = open('one')
      await session.answer()
      pids.push(port.pid ?? 0)
      session.close()
    }
    await vi.waitFor(() => expect(pids.filter((pid) => !hasEnded(pid))).toEqual([]), { timeout: 10_000 })
    await vi.waitFor(() => expect(descriptors()).toBeLessThanOrEqual(openBefore), { timeout: 10_000 })
    // A tenth of a second a process: the soak starts two hundred.
  },
  120_000,
)

function residentMb(pid: number | null): number {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  return Number(resident) / 1_024
}

test('the real machine has a vendor process of its own, and a foreign tree has none', async () => {
  const session = realHost().vendor('unheard-of')
  onTestFinished(() => session.close())
  expect(await session.answer()).toMatchObject({
    code: 'absent',
    reason: 'There is no driver library unheard-of on this system.',
  })
  const foreign = realHost({ procfs: '/nowhere' }).vendor('unheard-of')
  expect(await foreign.answer()).toMatchObject({ code: 'absent', reason: expect.stringContaining('whose files alone') })
})
