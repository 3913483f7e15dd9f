import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { MeterEvent } from '../../../contract/metering.ts'
import { ok } from '../../../contract/result.ts'
import { type Meter, type MeterOptions, startMeter } from '../../../engine/meter/meter.ts'
import { listenOnSocket } from '../../../engine/socket/server.ts'
import { fakeEngine } from '../../support/fake-engine.ts'
import { hello } from '../../support/wire-pair.ts'

/** Servers, engines and meters over real sockets, which end with their test. */

export function dataDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'perwatt-meter-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A server that does with each connection what it is told; gives its port. */
export async function server(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const listening = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return (listening.address() as AddressInfo).port
}

export type ToldEngine = {
  readonly events: MeterEvent[]
  reports: number
  unmetered: number
  uncounted: number
  close(): Promise<void>
}

/** An engine that keeps what meters tell it; `energyMj` is what it answers for every request in flight. */
export async function engine(dir: string, energyMj: number | null = null): Promise<ToldEngine> {
  const events: MeterEvent[] = []
  const begun = new Set<string>()
  const fake = fakeEngine({
    meterReport: (report) => {
      events.push(...report.events)
      told.reports += 1
      told.unmetered += report.unmetered
      told.uncounted += report.uncounted
      for (const { type, id } of report.events) if (type === 'begin') begun.add(id)
      return ok({ energies: energyMj === null ? [] : [...begun].map((id) => ({ id, energyMj })) })
    },
  })
  const socket = await listenOnSocket(dir, {
    served: fake.served,
    hello,
    onBug: (where, error) => console.error(where, error),
  })
  if (!socket.ok) throw new Error(socket.reason)
  let isOpen = true
  const close = async () => {
    if (isOpen) await socket.value.close('The test is over.')
    isOpen = false
  }
  onTestFinished(close)
  const told: ToldEngine = { events, reports: 0, unmetered: 0, uncounted: 0, close }
  return told
}

export async function meter(port: number, dir: string, options: Partial<MeterOptions> = {}): Promise<Meter> {
  const started = await startMeter({
    ...{ target: `http://127.0.0.1:${port}`, listen: '0', dataDir: dir, allowsRemote: false, key: null },
    ...{ addsHeaders: false, webUiSecret: null, ...options },
  })
  if (!started.ok) throw new Error(started.reason)
  onTestFinished(() => started.value.stop(0))
  return started.value
}

/** Writes pieces one after the other and gives all that came back, and how it ended. */
export async function talk(
  port: number,
  pieces: readonly (Buffer | string)[],
  { end = true, until }: { end?: boolean; until?: (seen: string) => boolean } = {},
): Promise<{ bytes: Buffer; ending: 'end' | 'reset' | 'left' }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  const seen: Buffer[] = []
  let ending: 'end' | 'reset' | 'left' = 'left'
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      seen.push(bytes)
      if (until?.(Buffer.concat(seen).toString('latin1')) === true) socket.destroy()
    })
    socket.on('end', () => {
      ending = 'end'
      socket.end()
    })
    socket.on('error', () => {
      ending = 'reset'
    })
    socket.on('close', () => resolve())
  })
  for (const piece of pieces) if (!socket.destroyed) await new Promise((written) => socket.write(piece, written))
  if (end) socket.end()
  await ended
  return { bytes: Buffer.concat(seen), ending }
}

export function post(path: string, body: string | Buffer, fields: readonly string[] = []): Buffer {
  const bytes = Buffer.from(body)
  const head = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', ...fields, `Content-Length: ${bytes.length}`]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes])
}

/** An answer as servers send it: `chunks` cut where it is told. */
export function answer(
  body: Buffer,
  {
    type = 'application/json',
    status = 200,
    chunks = null as readonly number[] | null,
    fields = [] as readonly string[],
  } = {},
): Buffer {
  const head = [
    `HTTP/1.1 ${status} Fine`,
    `content-Type: ${type}`,
    'X-Odd-CASE:  kept ',
    'x-twice: 1',
    'x-twice: 2',
    ...fields,
  ]
  if (chunks === null) {
    head.push(`Content-Length: ${body.length}`)
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
  }
  head.push('Transfer-Encoding: chunked')
  const ends = [...chunks, body.length]
  const pieces = ends.flatMap((end, index) => {
    const piece = body.subarray(ends[index - 1] ?? 0, end)
    return piece.length === 0 ? [] : [Buffer.from(`${piece.length.toString(16)};odd=1\r\n`), piece, Buffer.from('\r\n')]
  })
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
    ...pieces,
    Buffer.from('0\r\nX-Trailer: t\r\n\r\n'),
  ])
}

/** A server that reads whole requests roughly: answers once the mark has come so many times. */
export function answering(reply: Buffer, { mark = '\r\n\r\n', cuts = [] as readonly number[] } = {}) {
  return (socket: Socket) => {
    let seen = ''
    socket.on('data', async (bytes) => {
      seen += bytes.toString('latin1')
      if (!seen.includes(mark)) return
      seen = ''
      const ends = [...cuts, reply.length]
      for (const [index, end] of ends.entries())
        if (!socket.destroyed)
          await new Promise((written) => socket.write(reply.subarray(ends[index - 1] ?? 0, end), written))
    })
    socket.on('end', () => socket.end())
  }
}

const CHILD = join(import.meta.dirname, '..', '..', '..', 'engine', 'meter', 'child.ts')

/** The meter in a process of its own, as the engine starts it; with the most memory that it has ever held. */
export async function meterProcess(
  target: number,
  dir: string,
  args: readonly string[] = [],
): Promise<{ port: number; memoryKb(): number; child: ChildProcess }> {
  const own = ['--target', `http://127.0.0.1:${target}`, '--listen', '0', '--data-dir', dir]
  const child = spawn(process.execPath, [CHILD, ...own, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data')
  const { listening } = JSON.parse(String(line))
  return {
    child,
    port: Number(listening.listen.split(':')[1]),
    memoryKb: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
  }
}
