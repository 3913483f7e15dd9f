import { spawn } from 'node:child_process'

/** Work for a while on so many cores, in a process of its own that gives way to every other. */
export interface BusyCores {
  set(cores: number): void
  /** Resolves when the work has ended. */
  stop(): Promise<void>
}

/**
 * One thread for each CPU, each busy for its part of every tenth of a second. The threads inherit the priority, so it is lowered before they
 * are made. It ends with its standard input: with us, whatever becomes of us. The arithmetic settles at 2, far from infinities and from
 * numbers so small that they are slow.
 */
const WORK = `
const { Worker } = require('node:worker_threads')
try { require('node:os').setPriority(19) } catch {}
const cpus = Number(process.argv[1])
const duties = new Int32Array(new SharedArrayBuffer(4 * cpus))
const thread = \`
  const { duties, i } = require('node:worker_threads').workerData
  const numbers = new Float64Array(4096)
  for (;;) {
    const duty = Atomics.load(duties, i)
    const untilMs = performance.now() + duty / 10
    while (performance.now() < untilMs) for (let n = 0; n < numbers.length; n++) numbers[n] = numbers[n] * 0.5 + 1
    if (duty < 1000) Atomics.wait(duties, i, duty, duty === 0 ? 60000 : 100 - duty / 10)
  }
\`
for (let i = 0; i < cpus; i++) new Worker(thread, { eval: true, workerData: { duties, i } })
let text = ''
process.stdin.on('data', (chunk) => {
  text = (text + chunk).slice(-100)
  const lines = text.split('\\n')
  if (lines.length < 2) return
  const cores = Number(lines[lines.length - 2])
  text = lines[lines.length - 1]
  for (let i = 0; i < cpus; i++) {
    Atomics.store(duties, i, Math.round(1000 * Math.min(1, Math.max(0, cores - i))))
    Atomics.notify(duties, i)
  }
})
process.stdin.on('end', () => process.exit(0))
`

export function startBusyCores(cpus: number): BusyCores {
  const child = spawn(process.execPath, ['-e', WORK, String(cpus)], { stdio: ['pipe', 'ignore', 'ignore'] })
  // A child that has ended takes no more orders; the load that is missing shows in what is measured.
  child.stdin.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  return {
    set: (cores) => void child.stdin.write(`${cores}\n`),
    async stop() {
      child.stdin.end()
      child.kill('SIGKILL')
      await ended
    },
  }
}
