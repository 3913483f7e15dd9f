import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppSays, EngineSays } from '../../contract/engine-child.ts'
import { engineEar } from '../../main/engine-ear.ts'
import { type Utility, Vendors } from '../../main/vendors.ts'
import { fcOptions } from '../support/counts.ts'

/** Electron's `UtilityProcess` as electronjs.org documents it: no pid before `spawn`, and `kill` does nothing until then. */
class Child extends EventEmitter implements Utility<string> {
  pid: number | undefined
  readonly sent: unknown[] = []
  kills = 0
  postMessage(message: unknown, transfer: string[]): void {
    this.sent.push([message, transfer])
  }
  kill(): boolean {
    this.kills++
    return this.pid !== undefined
  }
  /** No process has such a number, so that a signal to it is told as one to a process that ended. */
  spawn(): void {
    this.pid = 2 ** 30
    this.emit('spawn')
  }
}

function vendorsOf() {
  const children: Child[] = []
  const told: [AppSays, string[]][] = []
  const vendors = new Vendors<string>({
    fork() {
      const child = new Child()
      children.push(child)
      return child
    },
    channel: () => ({ port1: 'vendor’s end', port2: 'engine’s end' }),
    tell: (message, transfer) => told.push([message, transfer]),
  })
  return { vendors, children, told }
}

test('each end of a channel goes to one side: the vendor’s at once, the engine’s with the word that it runs', () => {
  const { vendors, children, told } = vendorsOf()
  vendors.start(4)
  expect([children[0]?.sent, told]).toEqual([[[null, ['vendor’s end']]], []])
  children[0]?.spawn()
  expect(told).toEqual([[{ vendorStarted: 4, pid: 2 ** 30 }, ['engine’s end']]])
  children[0]?.emit('exit', 9)
  expect(told.at(-1)).toEqual([{ vendorEnded: 4, how: 'code 9' }, []])
})

test('one that is killed before it has started is killed as soon as it has, and never told as started', () => {
  const { vendors, children, told } = vendorsOf()
  vendors.start(0)
  vendors.kill(0)
  expect(children[0]?.kills).toBe(0)
  children[0]?.spawn()
  expect([children[0]?.kills, told]).toEqual([1, []])
})

test('all that run end with their engine, and a number is never given twice', () => {
  const { vendors, children } = vendorsOf()
  vendors.start(0)
  vendors.start(1)
  vendors.start(1)
  for (const child of children) child.spawn()
  children[0]?.emit('exit', 0)
  vendors.endAll()
  expect(children.map(({ kills }) => kills)).toEqual([0, 1])
})

test('what is no message of an engine is neither obeyed nor answered', () => {
  const done: unknown[] = []
  const ear = engineEar({
    onAnnouncement: (announcement) => done.push(announcement),
    keyring: { seal: () => ({ ok: true, value: 'x' }), unseal: () => ({ ok: true, value: 'x' }) },
    vendors: { start: (id) => done.push(id), kill: (id) => done.push(id) },
    tell: (message) => done.push(message),
  })
  const near = fc.record({ startVendor: fc.oneof(fc.string(), fc.double({ max: -1 })), killVendor: fc.nat() })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), near), (message) => ear(message)),
    fcOptions('engine-says', 200, 20_000),
  )
  expect(done).toEqual([])
  const sensible: EngineSays[] = [
    { ready: true, socket: '/s' },
    { startVendor: 1 },
    { killVendor: 1 },
    { keyring: 'seal', id: 2, text: 'ab' },
  ]
  for (const message of sensible) ear(message)
  expect(done).toEqual([sensible[0], 1, 1, { keyring: 2, answer: { ok: true, value: 'x' } }])
})
