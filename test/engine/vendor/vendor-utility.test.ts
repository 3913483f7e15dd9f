import { MessageChannel, type MessagePort as NodePort } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { EngineSays } from '../../../contract/engine-child.ts'
import { openAppChannel } from '../../../engine/app-channel.ts'
import { virtualClock } from '../../../engine/clock/virtual.ts'
import { createVendorPort } from '../../../engine/vendor/client.ts'
import type { MessagePort } from '../../../engine/vendor/ports.ts'
import { vendorUnderApp } from '../../../engine/vendor/vendor-utility.ts'
import { engineEar } from '../../../main/engine-ear.ts'
import { type Keyring, keyringOf } from '../../../main/keyring.ts'
import { type Utility, Vendors } from '../../../main/vendors.ts'
import { fcOptions } from '../../support/counts.ts'
import { electronPort, UtilityWorker } from '../../support/utility-worker.ts'

const HUNG_MS = 4_000
const within = { timeout: 10_000 }
const noKeyring: Keyring = keyringOf(
  {
    isEncryptionAvailable: () => false,
    encryptString: () => Buffer.alloc(0),
    decryptString: () => '',
  },
  'linux',
)

/** Engine and main as they are, with the real vendor program in a thread where Electron would start a utility process. */
function appOf(fork = (): Utility<NodePort> => new UtilityWorker(new URL('./process.ts', import.meta.url))) {
  const clock = virtualClock({ wallMs: 0 })
  const started: Utility<NodePort>[] = []
  let hear: (message: unknown, ports: readonly MessagePort[]) => void = () => {}
  const vendors = new Vendors<NodePort>({
    fork() {
      const child = fork()
      started.push(child)
      return child
    },
    channel: () => new MessageChannel(),
    tell: (message, ports) => hear(message, ports.map(electronPort)),
  })
  const ear = engineEar({ onAnnouncement() {}, keyring: noKeyring, vendors, tell: (message) => hear(message, []) })
  const said: EngineSays[] = []
  const channel = openAppChannel({
    post(message) {
      said.push(message)
      queueMicrotask(() => ear(message))
    },
    listen: (take) => {
      hear = take
    },
    ended: new Promise(() => {}),
    carriesPorts: true,
  })
  if (channel.launcher === null) throw new Error('a launcher was expected')
  const port = createVendorPort({ start: vendorUnderApp(channel.launcher, clock), clock })
  onTestFinished(() => vendors.endAll())
  const open = (driver: string) => {
    const session = port.session(driver)
    onTestFinished(() => session.close())
    return session
  }
  return { port, clock, open, vendors, started, said, tell: (message: unknown) => hear(message, []) }
}

/** All processes that main started are gone. */
const allEnded = ({ started }: { started: readonly Utility<NodePort>[] }) =>
  vi.waitFor(() => expect(started.map(({ pid }) => pid)).toEqual(started.map(() => undefined)), within)

test('nothing is started before the first question; then the app starts it, and the engine is answered over its port', async () => {
  const app = appOf()
  const session = app.open('one')
  expect([app.port.pid, app.said]).toEqual([null, []])
  const answer = session.answer({ cards: 1 })
  expect(app.said).toEqual([{ startVendor: 0 }])
  expect(await answer).toMatchObject({ ok: true, value: { value: { request: { cards: 1 }, reads: 1 } } })
  expect(await app.open('two').answer('b')).toMatchObject({ ok: true, value: { value: { request: 'b', reads: 1 } } })
  expect([app.port.pid, app.started]).toEqual([app.started[0]?.pid, [expect.anything()]])
})

test('a driver that hangs is killed at its second missed answer, and another process is started after a pause', async () => {
  const app = appOf()
  const session = app.open('one')
  await session.answer()
  const answer = session.answer('hang')
  app.clock.advance(HUNG_MS - 1)
  expect(app.port.pid).not.toBeNull()
  app.clock.advance(1)
  expect(await answer).toMatchObject({ code: 'broken', reason: expect.stringContaining('did not answer for 4 s') })
  expect(app.said.at(-1)).toEqual({ killVendor: 0 })
  await allEnded(app)
  app.clock.advance(1_000)
  await vi.waitFor(async () => expect(await session.answer()).toMatchObject({ ok: true }), within)
  expect(app.started).toHaveLength(2)
})

test('an end is told by how it ended, and nothing is asked of a process that is gone', async () => {
  const app = appOf()
  const session = app.open('one')
  expect(await session.answer('exit')).toMatchObject({
    code: 'broken',
    reason: expect.stringMatching(/^The process of driver libraries ended while one was asked \(code \d+\)/),
  })
  expect(app.port.pid).toBeNull()
  await allEnded(app)
})

test('closing the last session ends the process, and one that does not end is killed', async () => {
  const app = appOf()
  const first = app.open('one')
  await first.answer()
  first.close()
  await allEnded(app)
  expect(app.said).not.toContainEqual({ killVendor: 0 })
  const second = app.open('two')
  await second.answer()
  const hung = second.answer('hang')
  second.close()
  expect(await hung).toMatchObject({ code: 'broken' })
  app.clock.advance(2_000)
  await allEnded(app)
})

test('a process that is let go before it has started does not stay', async () => {
  const app = appOf()
  const session = app.open('one')
  const answer = session.answer()
  session.close()
  expect(await answer).toMatchObject({ ok: false })
  await allEnded(app)
  expect(app.port.pid).toBeNull()
})

test('a process that cannot be started is a problem like any other', async () => {
  const app = appOf(() => {
    throw new Error('no memory')
  })
  expect(await app.open('one').answer()).toMatchObject({ code: 'broken', reason: expect.stringContaining('no memory') })
})

test('when the engine is gone the app ends its vendor process, even one that hangs', async () => {
  const app = appOf()
  const session = app.open('one')
  await session.answer()
  session.ask('hang')
  app.vendors.endAll()
  await allEnded(app)
})

test('whatever comes over a port that is no reply is refused, and the process with it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.json(), fc.jsonValue(), fc.constant('x'.repeat(4_000_001))),
      async (say) => {
        const { port1, port2 } = new MessageChannel()
        port2.on('message', () => port2.postMessage(say))
        const heard: string[] = []
        await new Promise<void>((resolve) => {
          const vendor = vendorUnderApp(
            {
              launch({ onPort }) {
                onPort(electronPort(port1), 1)
                return { kill: () => void heard.push('killed') }
              },
            },
            virtualClock({ wallMs: 0 }),
          )({
            onReply: () => void heard.push('reply'),
            onNonsense() {
              vendor.kill()
              resolve()
            },
            onEnd: () => void heard.push('end'),
          })
          vendor.ask({ id: 0, driver: 'one', kind: 'read', request: null })
        })
        expect(heard).toEqual(['killed'])
        port2.close()
      },
    ),
    fcOptions('vendor-port', 20, 2_000),
  )
})

test('whatever the app says that is no message of an app changes nothing', async () => {
  const app = appOf()
  const session = app.open('one')
  await session.answer()
  const near = fc.record({ vendorEnded: fc.oneof(fc.string(), fc.integer({ max: -1 })), how: fc.anything() })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), near), (message) => app.tell(message)),
    fcOptions('app-says', 200, 20_000),
  )
  expect(await session.answer('still')).toMatchObject({ ok: true })
})
