import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { realHost } from '../../../engine/host/real.ts'
import { linuxSampler } from '../../../engine/processes/linux.ts'
import type { ProcessSampler } from '../../../engine/processes/sampler.ts'
import { memberOf } from './machine.ts'

const host = realHost()
const children: ChildProcess[] = []
let sampler: ProcessSampler | null = null

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  sampler?.close()
  sampler = null
})

/** Recognises processes by a mark on their command line. */
function samplerOf(mark: string): ProcessSampler {
  sampler = linuxSampler({
    host,
    facts: { logicalCpus: cpus().length },
    matcher: { recognise: ({ cmdline }) => (cmdline.includes(mark) ? () => memberOf('app') : (above) => above) },
    selfPids: () => [],
  })
  return sampler
}

/** Burns so much CPU time when told by a line on its input, and says so; then waits for the next. */
const BURN = `
  process.stdout.write('ready\\n')
  process.stdin.on('data', (line) => {
    const from = process.cpuUsage()
    const used = () => { const { user, system } = process.cpuUsage(from); return (user + system) / 1000 }
    while (used() < Number(line));
    process.stdout.write('done\\n')
  })`

async function start(program: string, args: string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  await saying(child, 'ready')
  return child
}

/** What it wrote up to `word`. */
async function saying(child: ChildProcess, word: string): Promise<string> {
  let said = ''
  while (!said.includes(word)) {
    const [chunk] = await once(child.stdout as NodeJS.EventEmitter, 'data')
    said += String(chunk)
  }
  return said
}

async function burn(child: ChildProcess, cpuMs: number): Promise<void> {
  child.stdin?.write(`${cpuMs}\n`)
  await saying(child, 'done')
}

function appMs(of: ProcessSampler): { cpuMs: number; processes: number } {
  const app = of.sample()?.apps.find((each) => each.app === 'app')
  return { cpuMs: app?.plainCpuMs ?? 0, processes: app?.processes ?? 0 }
}

test('a real process’s CPU time is what it says it used', async () => {
  const mark = `perwatt-real-${process.pid}-a`
  const child = await start(process.execPath, ['-e', BURN, mark])
  const of = samplerOf(mark)
  expect(appMs(of)).toEqual({ cpuMs: 0, processes: 1 })
  await burn(child, 400)
  const { cpuMs } = appMs(of)
  expect(cpuMs).toBeGreaterThanOrEqual(380)
  expect(cpuMs).toBeLessThan(600)
})

test('a real process that ends at once is counted by its parent’s children times', async () => {
  const mark = `perwatt-real-${process.pid}-b`
  const loop = `i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done`
  const shell = await start('/bin/sh', [
    '-c',
    `: ${mark}; echo ready; while read line; do (${loop}); (${loop}); times; echo done; done`,
  ])
  const of = samplerOf(mark)
  appMs(of)
  shell.stdin?.write('go\n')
  const said = await saying(shell, 'done')
  const [user = '', system = ''] = said.trim().split('\n').at(-2)?.split(' ') ?? []
  const usedMs = [user, system].reduce((sum, time) => {
    const [, minutes = 0, seconds = 0] = /(\d+)m([\d.]+)s/.exec(time) ?? []
    return sum + (Number(minutes) * 60 + Number(seconds)) * 1_000
  }, 0)
  expect(usedMs).toBeGreaterThan(100)
  const { cpuMs, processes } = appMs(of)
  expect(Math.abs(cpuMs - usedMs)).toBeLessThanOrEqual(60)
  expect(processes).toBe(1)
})

test('a real process found after its start is matched, followed, and forgotten when it ends', async () => {
  const mark = `perwatt-real-${process.pid}-c`
  const of = samplerOf(mark)
  expect(appMs(of).processes).toBe(0)
  const child = await start(process.execPath, ['-e', BURN, mark])
  // Right after a fork the table may be looked through again in two seconds only: other tests fork too.
  await expect.poll(() => appMs(of).processes, { timeout: 10_000, interval: 100 }).toBe(1)
  await burn(child, 200)
  expect(appMs(of).cpuMs).toBeGreaterThanOrEqual(180)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await expect.poll(() => appMs(of).processes, { timeout: 10_000, interval: 100 }).toBe(0)
})

test('threads of a real process are all counted, and none of them is a process', async () => {
  const mark = `perwatt-real-${process.pid}-d`
  const threads = `
    const { Worker } = require('node:worker_threads')
    process.stdout.write('ready\\n')
    process.stdin.on('data', () => {
      let left = 2
      const from = process.cpuUsage()
      const ended = () => {
        const { user, system } = process.cpuUsage(from)
        if (--left === 0) process.stdout.write('used ' + Math.round((user + system) / 1000) + ' done\\n')
      }
      for (let i = 0; i < 2; i++) new Worker('for (let k = 0, n = 0; k < 3e8; k++) n += k', { eval: true }).on('exit', ended)
    })`
  const child = await start(process.execPath, ['-e', threads, mark])
  const of = samplerOf(mark)
  appMs(of)
  child.stdin?.write('go\n')
  const usedMs = Number(/used (\d+)/.exec(await saying(child, 'done'))?.[1])
  const { cpuMs, processes } = appMs(of)
  expect(usedMs).toBeGreaterThan(50)
  expect(Math.abs(cpuMs - usedMs)).toBeLessThanOrEqual(60)
  expect(processes).toBe(1)
})
