import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import type { Result } from '../../../contract/result.ts'
import { type Attached, type AttachFault, attach } from '../../../engine/socket/client.ts'
import { type EngineSocket, listenOnSocket } from '../../../engine/socket/server.ts'
import { SLOW_READER_BYTES } from '../../../engine/socket/sessions.ts'
import { emptyNow, type FakeEngine, fakeEngine } from '../../support/fake-engine.ts'
import { hello } from '../../support/wire-pair.ts'

const cleanUps: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

function dataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'perwatt-socket-'))
  cleanUps.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

async function listening(dir: string, fake: FakeEngine = fakeEngine()): Promise<EngineSocket> {
  const socket = await listenOnSocket(dir, {
    served: fake.served,
    hello,
    onBug: (where, error) => console.error(where, error),
  })
  if (!socket.ok) throw new Error(socket.reason)
  cleanUps.push(() => socket.value.close('The test is over.'))
  return socket.value
}

function attached(answer: Result<Attached, AttachFault>): Attached {
  if (!answer.ok) throw new Error(answer.reason)
  cleanUps.push(() => answer.value.close())
  return answer.value
}

test('two clients ask, and each hears the event that it subscribed to', async () => {
  const dir = dataDir()
  const fake = fakeEngine()
  await listening(dir, fake)
  const [one, two] = await Promise.all([attach(dir), attach(dir)]).then((both) => both.map(attached))
  expect(one?.hello).toEqual(hello)
  expect(await one?.client.call('now', {})).toEqual({ ok: true, value: emptyNow })
  const heard: string[] = []
  one?.client.on('tick', () => heard.push('one'))
  two?.client.on('settingsChanged', () => heard.push('two'))
  await vi.waitFor(() => expect(fake.listeners('tick') + fake.listeners('settingsChanged')).toBe(2))
  fake.emit('tick', emptyNow)
  await vi.waitFor(() => expect(heard).toEqual(['one']))
  one?.close()
  await vi.waitFor(() => expect(fake.listeners('tick')).toBe(0))
  expect((await two?.client.call('now', {}))?.ok).toBe(true)
})

test('directory and socket belong to their owner alone, whatever the umask', async () => {
  const dir = join(dataDir(), 'new')
  const before = process.umask(0)
  cleanUps.push(() => void process.umask(before))
  const socket = await listening(dir)
  expect((statSync(dir).mode & 0o777).toString(8)).toBe('700')
  expect((statSync(socket.path).mode & 0o777).toString(8)).toBe('600')
  expect(process.umask()).toBe(0)
})

test('an open directory that holds the files of others is neither used nor closed to them', async () => {
  const dir = dataDir()
  chmodSync(dir, 0o755)
  writeFileSync(join(dir, 'novel.txt'), '')
  const socket = await listenOnSocket(dir, { served: fakeEngine().served, hello, onBug: () => {} })
  expect(socket).toMatchObject({ ok: false, code: 'notPrivate', remedy: { argv: ['chmod', '700', dir] } })
  expect((statSync(dir).mode & 0o777).toString(8)).toBe('755')
})

test('an open directory of an older Perwatt is closed to others', async () => {
  const dir = dataDir()
  chmodSync(dir, 0o755)
  writeFileSync(join(dir, 'ledger.sqlite'), '')
  await listening(dir)
  expect((statSync(dir).mode & 0o777).toString(8)).toBe('700')
})

test('a second engine is refused while the first one keeps serving', async () => {
  const dir = dataDir()
  await listening(dir)
  const second = await listenOnSocket(dir, { served: fakeEngine().served, hello, onBug: () => {} })
  expect(second).toMatchObject({ ok: false, code: 'engineRunning' })
  expect((await attached(await attach(dir)).client.call('now', {})).ok).toBe(true)
})

test('the socket of an engine that was killed is taken over', async () => {
  const dir = dataDir()
  const script = `require('node:net').createServer().listen(${JSON.stringify(join(dir, 'engine.sock'))}, () => console.log('up'))`
  const dead = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await firstOutput(dead)
  dead.kill('SIGKILL')
  await new Promise((resolve) => dead.once('exit', resolve))
  expect(statSync(join(dir, 'engine.sock')).isSocket()).toBe(true)
  expect(await attach(dir)).toMatchObject({ ok: false, code: 'noEngine' })
  await listening(dir)
  expect(attached(await attach(dir)).hello).toEqual(hello)
})

test('a stopped engine says good-bye, leaves no socket, and a new one can be attached to', async () => {
  const dir = dataDir()
  const first = await listening(dir)
  const client = attached(await attach(dir))
  const call = client.client.call('now', {})
  expect((await call).ok).toBe(true)
  await first.close('The engine stops.')
  expect(await client.ended).toBe('The engine stops.')
  expect(await client.client.call('now', {})).toMatchObject({ ok: false, code: 'engineDown' })
  expect(() => statSync(first.path)).toThrow('ENOENT')
  await listening(dir)
  expect((await attached(await attach(dir)).client.call('now', {})).ok).toBe(true)
})

test('garbage ends its own connection with the reason and nobody else’s', async () => {
  const dir = dataDir()
  await listening(dir)
  const good = attached(await attach(dir))
  const bad = connect(join(dir, 'engine.sock'))
  let heard = ''
  bad.setEncoding('utf8').on('data', (text) => {
    heard += text
  })
  bad.write('GET / HTTP/1.1\r\n\r\n')
  await new Promise((resolve) => bad.once('close', resolve))
  expect(heard.trimEnd().split('\n').at(-1)).toBe('{"closing":"a line is not JSON in UTF-8"}')
  expect((await good.client.call('now', {})).ok).toBe(true)
})

test('a frame without end is cut off at the limit', async () => {
  const dir = dataDir()
  const socket = await listening(dir)
  const bad = connect(socket.path)
  bad.on('error', () => {}).resume()
  const closed = new Promise((resolve) => bad.once('close', resolve))
  const chunk = Buffer.alloc(256 * 1024, 'x')
  const pour = () => {
    while (bad.writable && bad.write(chunk));
    if (bad.writable) bad.once('drain', pour)
  }
  pour()
  await closed
  await vi.waitFor(() => expect(socket.count()).toBe(0))
})

test('a peer that listens without reading does not make the engine hold its events', async () => {
  const dir = dataDir()
  const fake = fakeEngine()
  await listening(dir, fake)
  const deaf = connect(join(dir, 'engine.sock'))
  cleanUps.push(() => void deaf.destroy())
  deaf.pause()
  deaf.write('{"subscribe":"tick"}\n')
  await vi.waitFor(() => expect(fake.listeners('tick')).toBe(1))
  const notices = [{ code: 'filler', text: 'x'.repeat(100_000), remedy: null }]
  for (let count = 0; count < 1_000; count++) {
    fake.emit('tick', { ...emptyNow, notices })
    await setImmediate()
  }
  let heard = 0
  deaf.setEncoding('latin1').on('data', (text) => {
    heard += text.length
  })
  deaf.resume()
  // 100 MB were published; what waited for this peer is a megabyte here, and what the kernel holds.
  await vi.waitFor(() => expect(heard).toBeGreaterThan(SLOW_READER_BYTES))
  expect(heard).toBeLessThan(3 * SLOW_READER_BYTES)
  expect((await attached(await attach(dir)).client.call('now', {})).ok).toBe(true)
})

test('an engine that accepts but never speaks is reported as silent', async () => {
  const dir = dataDir()
  const mute = createServer(() => {})
  await new Promise<void>((resolve) => mute.listen(join(dir, 'engine.sock'), resolve))
  cleanUps.push(() => void mute.close())
  expect(await attach(dir, 50)).toMatchObject({ ok: false, code: 'silent' })
})

test('an engine of another protocol is refused with its version', async () => {
  const dir = dataDir()
  const newer = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(`${JSON.stringify({ hello: { ...hello, protocol: 2 } })}\n`)
  })
  await new Promise<void>((resolve) => newer.listen(join(dir, 'engine.sock'), resolve))
  cleanUps.push(() => void newer.close())
  const answer = await attach(dir)
  expect(answer).toMatchObject({ ok: false, code: 'otherProtocol' })
  expect(answer.ok ? '' : answer.reason).toContain('version 9.9.9) speaks protocol 2, not 1')
})

test('a data directory without an engine has none', async () => {
  expect(await attach(dataDir())).toMatchObject({ ok: false, code: 'noEngine' })
})

test('a path that no socket can have is refused with the limit and what to do', async () => {
  const dir = join(dataDir(), 'd'.repeat(100))
  const socket = await listenOnSocket(dir, { served: fakeEngine().served, hello, onBug: () => {} })
  expect(socket).toMatchObject({ ok: false, code: 'pathTooLong' })
  expect(socket.ok ? '' : socket.reason).toMatch(/ has \d+ bytes, and this system allows 10[37]: .*--data-dir DIR/)
})

test('a data directory that is a file is unusable, and says so', async () => {
  const file = join(dataDir(), 'file')
  writeFileSync(file, '')
  const socket = await listenOnSocket(file, { served: fakeEngine().served, hello, onBug: () => {} })
  expect(socket).toMatchObject({ ok: false, code: 'notWritable' })
})

// Only root can become somebody else; elsewhere the modes above are the proof.
test.runIf(process.getuid?.() === 0)('another local user gets nothing', async () => {
  const dir = dataDir()
  const socket = await listening(dir)
  chmodSync(dir, 0o711) // even where the directory could be entered, the socket alone refuses
  expect(await triedAs(65_534, socket.path)).toBe('EACCES')
  chmodSync(dir, 0o700)
  expect(await triedAs(65_534, socket.path)).toBe('EACCES')
  expect(await triedAs(0, socket.path)).toBe('connected')
  process.seteuid?.(65_534)
  const attempt = await attach(dir).finally(() => process.seteuid?.(0))
  expect(attempt).toMatchObject({ ok: false, code: 'denied' })
})

/** What a process of `uid` gets when it connects to the socket. */
async function triedAs(uid: number, path: string): Promise<string> {
  // Another user may be unable to reach the Node that runs the tests: it becomes that user only when it is up.
  const script = `
    process.setgroups([]); process.setgid(${uid}); process.setuid(${uid})
    const socket = require('node:net').connect(${JSON.stringify(path)})
    socket.on('connect', () => { console.log('connected'); socket.destroy() })
    socket.on('error', (error) => console.log(error.code))`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  return (await firstOutput(child)).trim()
}

function firstOutput(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.stdout?.once('data', (chunk) => resolve(String(chunk)))
  })
}
