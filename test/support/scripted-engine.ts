/**
 * Stands in for out/engine/child.mjs where a test of the app needs exact figures, a refusal or a crash on demand. Speaks
 * the real protocol over a real socket. Its data directory holds its orders: `fake-now.json` is what `now` answers and
 * `tick` tells, `fake-answers.json` holds results of other methods by name, `fake-refuse` makes it refuse to start with that reason, `fake-crash` die at once; what it was asked is
 * appended to `fake-asked.log`.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { CallerFrame, FrameReader, frameText, WIRE_PROTOCOL } from '../../contract/frames.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { Settings } from '../../contract/settings.ts'

const dataDir = process.argv[process.argv.indexOf('--data-dir') + 1] ?? '.'
const inDataDir = (name: string) => join(dataDir, name)
const startedS = Math.floor(Date.now() / 1_000)
const eventsBySocket = new Map<Socket, Set<string>>()
let settings = Settings.parse({ firstRunDone: true, pricePerKwh: 0.3 })

const now = (): unknown => JSON.parse(readFileSync(inDataDir('fake-now.json'), 'utf8'))

const answers: Readonly<Record<string, (input: unknown) => unknown>> = {
  now,
  settings: () => settings,
  changeSettings: (change) => {
    settings = Settings.parse({ ...settings, ...Settings.partial().parse(change) })
    tell('settingsChanged', settings)
    return settings
  },
  pause: () => ({}),
  resume: () => ({}),
  powerEvent: () => ({}),
  stop: () => ({}),
}

/** What the test wrote for a method goes before what this engine knows itself. */
function written(method: string): Result<unknown> | undefined {
  const file = inDataDir('fake-answers.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8'))[method] : undefined
}

function answerTo(method: string, input: unknown): Result<unknown> {
  const result = written(method)
  if (result !== undefined) return result
  const answer = answers[method]
  return answer === undefined ? problem('failed', `The scripted engine has no ${method}.`) : ok(answer(input))
}

function send(socket: Socket, frame: Parameters<typeof frameText>[0]): void {
  socket.write(frameText(frame))
}

function tell(event: string, payload: unknown): void {
  for (const [socket, events] of eventsBySocket) if (events.has(event)) send(socket, { event, payload })
}

function take(socket: Socket, raw: unknown): void {
  appendFileSync(inDataDir('fake-asked.log'), `${JSON.stringify(raw)}\n`)
  const frame = CallerFrame.parse(raw)
  if ('subscribe' in frame) eventsBySocket.get(socket)?.add(frame.subscribe)
  else if ('unsubscribe' in frame) eventsBySocket.get(socket)?.delete(frame.unsubscribe)
  else {
    send(socket, { id: frame.id, result: answerTo(frame.method, frame.input) })
    if (frame.method === 'stop') socket.end(() => end())
  }
}

function end(): void {
  rmSync(inDataDir('engine.sock'), { force: true })
  process.exit(0)
}

function serve(): void {
  rmSync(inDataDir('engine.sock'), { force: true })
  const server = createServer((socket) => {
    eventsBySocket.set(socket, new Set())
    const reader = new FrameReader(
      (frame) => take(socket, frame),
      (reason) => {
        throw new Error(reason)
      },
    )
    socket.on('data', (chunk) => reader.push(chunk))
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => eventsBySocket.delete(socket))
    send(socket, { hello: { version: '0.0.0', pid: process.pid, startedS, protocol: WIRE_PROTOCOL } })
  })
  server.listen(inDataDir('engine.sock'), () => process.send?.({ ready: true, socket: inDataDir('engine.sock') }))
  setInterval(() => tell('tick', now()), 1_000)
  process.on('disconnect', end)
}

if (existsSync(inDataDir('fake-crash'))) throw new TypeError('told to crash')
if (existsSync(inDataDir('fake-refuse'))) {
  const reason = readFileSync(inDataDir('fake-refuse'), 'utf8')
  process.send?.({ failed: { code: 'ledgerUnusable', reason, remedy: null } })
  process.exitCode = 5
} else serve()
