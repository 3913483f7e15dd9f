/**
 * Stands in for out/engine/child.mjs where a test of the app needs exact figures, a refusal or a crash on demand. Speaks
 * the real protocol (contract/frames.ts) with plain Node. Its data directory holds its orders:
 * `fake-now.json` is what `now` answers and `tick` tells, `fake-refuse` makes it refuse to start, `fake-crash` die at once;
 * what it was asked is appended to `fake-asked.log`.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const dataDir = process.argv[process.argv.indexOf('--data-dir') + 1] ?? '.'
const inDataDir = (name) => join(dataDir, name)
const startedS = Math.floor(Date.now() / 1000)
const settings = {
  ...{ theme: 'system', trayStyle: 'ring', trayTitle: false, startAtLogin: false, firstRunDone: true },
  ...{ countAsAi: {}, showNames: false, currency: 'EUR', pricePerKwh: 0.3 },
}
const listeners = new Map()

const say = (message) => process.parentPort?.postMessage(message) ?? process.send?.(message)
const ok = (value) => ({ ok: true, value })
const now = () => JSON.parse(readFileSync(inDataDir('fake-now.json'), 'utf8'))

const answers = {
  now: () => ok(now()),
  settings: () => ok(settings),
  changeSettings: (change) => {
    Object.assign(settings, change)
    tell('settingsChanged', settings)
    return ok(settings)
  },
  pause: () => ok({}),
  resume: () => ok({}),
  powerEvent: () => ok({}),
  stop: () => ok({}),
  engineInfo: () => ok({ version: '0.0.0', pid: process.pid, startedS, dataDir, ledger: ledger() }),
}

function ledger() {
  return { state: 'writing', bytes: 0, reason: null, remedy: null }
}

function tell(event, payload) {
  for (const [socket, events] of listeners) if (events.has(event)) send(socket, { event, payload })
}

function send(socket, frame) {
  socket.write(`${JSON.stringify(frame)}\n`)
}

function take(socket, frame) {
  appendFileSync(inDataDir('fake-asked.log'), `${JSON.stringify(frame)}\n`)
  const events = listeners.get(socket)
  if ('subscribe' in frame) events.add(frame.subscribe)
  else if ('unsubscribe' in frame) events.delete(frame.unsubscribe)
  else {
    const answer = answers[frame.method]
    const unknown = { ok: false, code: 'failed', reason: `The fake engine has no ${frame.method}.`, remedy: null }
    send(socket, { id: frame.id, result: answer === undefined ? unknown : answer(frame.input) })
    if (frame.method === 'stop') socket.end(() => end())
  }
}

function end() {
  rmSync(inDataDir('engine.sock'), { force: true })
  process.exit(0)
}

if (existsSync(inDataDir('fake-crash'))) throw new TypeError('told to crash')
if (existsSync(inDataDir('fake-refuse'))) {
  const reason = readFileSync(inDataDir('fake-refuse'), 'utf8')
  say({ failed: { code: 'ledgerUnusable', reason, remedy: null } })
  process.exitCode = 5
} else {
  rmSync(inDataDir('engine.sock'), { force: true })
  const server = createServer((socket) => {
    listeners.set(socket, new Set())
    socket.on('close', () => listeners.delete(socket))
    socket.on('error', () => {})
    send(socket, { hello: { version: '0.0.0', pid: process.pid, startedS, protocol: 1 } })
    createInterface(socket).on('line', (line) => take(socket, JSON.parse(line)))
  })
  server.listen(inDataDir('engine.sock'), () => say({ ready: true, socket: inDataDir('engine.sock') }))
  setInterval(() => tell('tick', now()), 1000)
  process.on('disconnect', end)
}
