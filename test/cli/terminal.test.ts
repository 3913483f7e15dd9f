import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { cli, startCli } from '../support/cli.ts'
import { inTerminal } from '../support/terminal.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'perwatt-terminal-'))
afterAll(() => rmSync(dataDir, { recursive: true }))

const ESC = '\x1b'
const ENTERED = `${ESC}[?1049h${ESC}[?25l`
const LEFT = `${ESC}[?25h${ESC}[?1049l`
const waiting = { timeout: 15_000 }

/** The command below script(1). */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

test('top draws on the alternate screen in whole frames, and q gives the terminal back', async () => {
  const top = inTerminal(['top', '--data-dir', dataDir])
  await vi.waitFor(() => expect(top.output()).toContain('machine'), waiting)
  expect(top.output().indexOf(ENTERED)).toBeGreaterThanOrEqual(0)
  expect(top.output().indexOf(ENTERED)).toBeLessThan(top.output().indexOf('machine'))
  top.type('q')
  expect(await top.ended).toBe(0)
  const text = top.output()
  expect(text.endsWith(LEFT)).toBe(true)
  expect(count(text, `${ESC}[?2026h`)).toBe(count(text, `${ESC}[?2026l`))
  // A frame is drawn over the one before: a cleared screen would flicker.
  expect(text).not.toContain(`${ESC}[2J`)
})

test.each([
  ['Ctrl-C', '\x03'],
  ['SIGTERM', null],
] as const)('%s gives the terminal back too', async (_, key) => {
  const top = inTerminal(['top', '--data-dir', dataDir])
  await vi.waitFor(() => expect(top.output()).toContain(ENTERED), waiting)
  if (key !== null) top.type(key)
  else process.kill(childOf(top.child.pid ?? 0), 'SIGTERM')
  expect(await top.ended).toBe(0)
  expect(top.output().endsWith(LEFT)).toBe(true)
})

test('top ends by itself after --count ticks and leaves the last table', async () => {
  const top = inTerminal(['top', '--count', '1', '--data-dir', dataDir])
  expect(await top.ended).toBe(0)
  const [, after] = top.output().split(LEFT)
  expect(after).toContain('POWER')
})

test('colours on a terminal, none with NO_COLOR and none in a pipe', async () => {
  const coloured = inTerminal(['help'])
  await coloured.ended
  expect(coloured.output()).toContain(`${ESC}[1mUsage`)
  const plain = inTerminal(['help'], { NO_COLOR: '1' })
  await plain.ended
  expect(plain.output()).not.toContain(ESC)
  expect((await cli(['help'], { FORCE_COLOR: '1', TERM: 'xterm-256color' })).stdout).not.toContain(ESC)
})

test('where stdout is no terminal top prints plain tables, one a tick', async () => {
  const { code, stdout } = await cli(['top', '--count', '2', '--data-dir', dataDir])
  expect(code).toBe(0)
  expect(stdout).not.toContain(ESC)
  expect(stdout.match(/ machine {3}/g)).toHaveLength(2)
})

test('a reader that has seen enough ends the command without a complaint', async () => {
  const watching = startCli(['now', '--watch', '--json', '--data-dir', dataDir])
  let complaint = ''
  watching.stderr?.on('data', (text) => {
    complaint += text
  })
  const ended = once(watching, 'close')
  const [first] = await once(watching.stdout ?? watching, 'data')
  expect(JSON.parse(String(first).split('\n')[0] ?? '').schema).toBe('perwatt.now/1')
  watching.stdout?.destroy()
  expect(await ended).toEqual([0, null])
  expect(complaint).toBe('')
})

test('what is waited for is said on stderr, and only to a person', async () => {
  const now = inTerminal(['now', '--data-dir', dataDir])
  await now.ended
  expect(now.output()).toContain('Measuring for a second …')
  expect((await cli(['now', '--data-dir', dataDir])).stderr).toBe('')
  const quiet = inTerminal(['now', '--quiet', '--data-dir', dataDir])
  await quiet.ended
  expect(quiet.output()).not.toContain('Measuring for')
})

test('each command teaches itself: usage, options, an example, exit codes', async () => {
  const { stdout } = await cli(['help'])
  const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm)].map(([, name]) => name ?? '')
  const listed = names.slice(0, names.indexOf('version') + 1)
  expect(listed.length).toBeGreaterThan(10)
  for (const name of listed) {
    const help = await cli([name, '--help'])
    expect(help.code).toBe(0)
    for (const part of [`perwatt ${name}: `, 'Usage', '--data-dir', 'Examples', '$ ', 'Exit codes'])
      expect(help.stdout, name).toContain(part)
  }
})
