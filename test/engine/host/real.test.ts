import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { realHost } from '../../../engine/host/real.ts'

const onLinux = test.runIf(process.platform === 'linux')

/** A foreign tree with these files. */
function tree(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'perwatt-tree-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text, 'latin1')
  }
  const host = realHost({ procfs: join(root, 'proc'), sysfs: join(root, 'sys/'), rootfs: root })
  return { root, host }
}

/** A server on loopback, and its port. */
async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function startTicks(pid: number): number {
  const stat = realHost().files.text(`/proc/${pid}/stat`)
  return stat.ok ? Number(stat.value.slice(stat.value.lastIndexOf(')') + 2).split(' ')[19]) : Number.NaN
}

onLinux('this machine’s own /proc is read: ourselves, the CPUs, the owner of process 1', () => {
  const host = realHost()
  expect(host.selfPid).toBe(process.pid)
  const stat = host.files.text(`/proc/${process.pid}/stat`)
  expect(stat.ok && stat.value.startsWith(`${process.pid} (`)).toBe(true)
  expect(host.files.owner('/proc/1')).toEqual({ ok: true, value: { uid: 0 } })
  expect(host.files.link('/proc/self/exe')).toEqual({ ok: true, value: process.execPath })
  const names = host.files.list('/proc')
  expect(names.ok && names.value).toContain(String(process.pid))
  expect([host.ticksPerS, host.pageBytes]).toEqual([100, expect.any(Number)])
  expect(host.pageBytes % 4_096).toBe(0)
})

onLinux('a kept descriptor gives fresh values, and is gone when its process ends', async () => {
  const child = spawn('sleep', ['60'])
  const kept = realHost().files.open(`/proc/${child.pid}/stat`)
  const buffer = Buffer.alloc(1_024)
  if (!kept.ok) throw new Error(kept.reason)
  expect(kept.value.read(buffer)).toBeGreaterThan(100)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect([kept.value.read(buffer), kept.value.fault]).toEqual([-1, 'gone'])
  kept.value.close()
})

test('files that cannot be read say why', () => {
  const { root, host } = tree({ 'etc/big': 'x'.repeat(1_000_001), 'etc/file': 'text' })
  symlinkSync('loop', join(root, 'loop'))
  const codes = ['/etc/none', '/etc/file/below', '/loop', '/etc/big', '/etc', '/etc/file'].map((path) => {
    const text = host.files.text(path)
    return text.ok ? text.value : text.code
  })
  expect(codes).toEqual(['absent', 'absent', 'absent', 'broken', 'broken', 'text'])
})

test('/proc and /sys are bytes, other files are UTF-8, and every path lies in its tree', () => {
  const { host } = tree({ 'proc/1/comm': 'caf\u00e9\n', 'sys/class/x': '\u00ff', 'etc/name': 'caf\u00c3\u00a9' })
  const read = (path: string) => {
    const text = host.files.text(path)
    return text.ok ? text.value : text.code
  }
  expect([read('/proc/1/comm'), read('/sys/class/x'), read('/etc/name')]).toEqual(['café\n', 'ÿ', 'café'])
})

test('a foreign tree tells its own facts and its own accounts', async () => {
  const cpu = (id: number, core: number) =>
    `processor\t: ${id}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i5\nphysical id\t: 0\ncore id\t\t: ${core}\nflags\t\t: fpu hypervisor\n\n`
  const { host } = tree({
    'proc/cpuinfo': cpu(0, 0) + cpu(1, 0) + cpu(2, 1) + cpu(3, 1),
    'proc/meminfo': 'MemTotal:       16384 kB\nMemFree: 1 kB\n',
    'proc/version': 'Linux version 6.12.0',
    'sys/class/dmi/id/chassis_type': '10\n',
    'etc/os-release': 'NAME="X"\nPRETTY_NAME="Some Linux 1"\n',
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\nbroken line\n',
  })
  expect(await host.facts()).toEqual({
    cpuModel: 'Intel(R) Core(TM) i5',
    cpuVendor: 'GenuineIntel',
    logicalCpus: 4,
    physicalCores: 2,
    sockets: 1,
    memoryBytes: 16_777_216,
    chassis: 'laptop',
    osName: 'Some Linux 1',
    virtualisation: 'vm',
  })
  expect([host.userName(0), host.userName(1000), host.userName(1001)]).toEqual(['root', 'ada', null])
  expect(host.selfPid).toBeNull()
  expect(host.signal({ pid: process.pid, startTicks: 1 }, 'SIGTERM')).toMatchObject({ code: 'denied' })
})

test.each([
  [{ 'proc/version': 'Linux 5.15.0-microsoft-standard-WSL2' }, 'wsl'],
  [{ '.dockerenv': '', 'proc/cpuinfo': 'processor: 0\n' }, 'container'],
  [{ '.dockerenv': '', 'proc/cpuinfo': 'flags\t\t: fpu hypervisor\n' }, 'vm'],
  [{ 'proc/1/cgroup': '0::/kubepods.slice/x\n', 'proc/cpuinfo': 'processor: 0\n' }, 'container'],
  [{ 'proc/1/cgroup': '0::/init.scope\n', 'proc/cpuinfo': 'processor: 0\nflags: fpu vme\n' }, 'none'],
  [{ 'etc/empty': '' }, null],
])('it is seen what kind of machine this is: %j', async (files, kind) => {
  expect((await tree(files).host.facts()).virtualisation).toBe(kind)
})

onLinux('this machine’s facts are asked once and agree with its own files', async () => {
  const host = realHost()
  const facts = await host.facts()
  expect(facts.logicalCpus).toBeGreaterThan(0)
  expect(facts.memoryBytes).toBeGreaterThan(2 ** 28)
  expect(await host.facts()).toBe(facts)
})

onLinux('a command runs without a shell, tells its exit code, and is ended when it takes too long', async () => {
  const host = realHost()
  expect(await host.command(['echo', '$HOME', ';ls'])).toEqual({
    ok: true,
    value: { exitCode: 0, stdout: '$HOME ;ls\n', stderr: '' },
  })
  expect(await host.command(['sh', '-c', 'echo no >&2; exit 3'])).toEqual({
    ok: true,
    value: { exitCode: 3, stdout: '', stderr: 'no\n' },
  })
  expect(await host.command(['perwatt-no-such-program'])).toMatchObject({ code: 'absent' })
  expect(await host.command(['/etc/passwd'])).toMatchObject({ code: 'denied' })
  expect(await host.command(['sleep', '60'], { timeoutMs: 50 })).toMatchObject({ code: 'timeout' })
  expect(await host.command(['sh', '-c', 'kill -9 $$'])).toMatchObject({ code: 'broken' })
})

onLinux('a library is loaded only when it is asked for, and functions it lacks are left out', () => {
  const cache = createRequire(import.meta.url).cache
  const isLoaded = () => Object.keys(cache).some((path) => path.includes('/koffi/'))
  const host = realHost()
  expect(isLoaded()).toBe(false)
  const library = host.library('libc.so.6', ['int getpid(void)', 'int perwatt_no_such_function(int x)'])
  expect(library.ok && Object.keys(library.value)).toEqual(['getpid'])
  expect(library.ok && library.value.getpid?.()).toBe(process.pid)
  expect(isLoaded()).toBe(true)
  expect(host.library('libperwatt-none.so', [])).toMatchObject({ code: 'absent' })
})

test.each([
  'http://example.com/',
  'http://192.168.0.1/',
  'http://127.0.0.1.example.com/',
  'http://[::ffff:8.8.8.8]/',
  'https://localhost/',
  'file:///etc/passwd',
  'nonsense',
])('%s is not asked: it is not this machine, or not http', async (url) => {
  expect(await realHost().http(url)).toMatchObject({
    code: 'refused',
    reason: `Perwatt asks only servers on this machine, over http: not ${url}.`,
  })
})

test('a local server is asked by name or address, with method, headers and body', async () => {
  const port = await serve((request, response) => {
    request.setEncoding('utf8').on('data', (body) => {
      response.setHeader('x-seen', `${request.method} ${request.url} ${request.headers['content-type']}`)
      response.statusCode = 201
      response.end(`got ${body}`)
    })
  })
  const answer = await realHost().http(`http://localhost:${port}/api?x=1`, {
    method: 'POST',
    body: '{"ü":1}',
    headers: { 'content-type': 'application/json' },
  })
  expect(answer).toMatchObject({
    ok: true,
    value: { status: 201, body: 'got {"ü":1}', headers: { 'x-seen': 'POST /api?x=1 application/json' } },
  })
})

test('redirects, long answers, silence and broken connections are refused, each by its name', async () => {
  const port = await serve((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: 'http://example.com/' }).end()
    if (request.url === '/long') response.end(Buffer.alloc(1_000_001))
    if (request.url === '/most') response.end(Buffer.alloc(1_000_000, 'x'))
    if (request.url === '/cut') request.socket.destroy()
  })
  const ask = (path: string) =>
    realHost().http(`http://127.0.0.1:${port}${path}`, { timeoutMs: path === '/silent' ? 50 : 5_000 })
  expect(await ask('/moved')).toMatchObject({ code: 'redirected' })
  expect(await ask('/long')).toMatchObject({ code: 'tooLarge' })
  expect(await ask('/most')).toMatchObject({ value: { status: 200, body: 'x'.repeat(1_000_000) } })
  expect(await ask('/silent')).toMatchObject({ code: 'timeout' })
  expect(await ask('/cut')).toMatchObject({ code: 'broken' })
})

test('where nobody listens the answer is refused', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  const port = typeof address === 'object' && address !== null ? address.port : 0
  expect(await realHost().http(`http://127.0.0.1:${port}/`)).toMatchObject({
    code: 'refused',
    reason: `http://127.0.0.1:${port} does not listen.`,
  })
})

onLinux('a signal reaches the very process that was meant, and never one that only has its number', async () => {
  const child = spawn('sleep', ['60'])
  const pid = child.pid ?? 0
  const exited = once(child, 'exit')
  const host = realHost()
  expect(host.signal({ pid, startTicks: startTicks(pid) - 1 }, 'SIGKILL')).toMatchObject({ code: 'gone' })
  expect(child.exitCode).toBeNull()
  expect(host.signal({ pid, startTicks: startTicks(pid) }, 'SIGTERM')).toEqual({ ok: true, value: null })
  expect(await exited).toEqual([null, 'SIGTERM'])
  expect(host.signal({ pid, startTicks: 1 }, 'SIGTERM')).toMatchObject({ code: 'gone' })
})
