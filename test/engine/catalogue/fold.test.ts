import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppId } from '../../../contract/ids.ts'
import { fold, type ProcessNode } from '../../../engine/catalogue/fold.ts'
import { compileCatalogue, type ProcessMatch } from '../../../engine/catalogue/match.ts'
import type { ProcessIdentity } from '../../../engine/processes/identity.ts'
import { fcOptions } from '../../support/counts.ts'
import { started } from './examples.ts'

const catalogue = compileCatalogue()

/** Processes as "pid ← ppid: what runs", started in the order of their pids. */
function table(...rows: [pid: number, ppid: number, process: ProcessIdentity][]): ProcessNode[] {
  return rows.map(([pid, ppid, identity]) => ({
    pid,
    ppid,
    startTicks: pid,
    match: catalogue.match(identity),
    isTerminalShell: catalogue.isTerminalShell(identity),
  }))
}

const appsOf = (nodes: readonly ProcessNode[]) =>
  Object.fromEntries([...fold(nodes)].map(([pid, claim]) => [pid, claim.app]))

const bash = started(['/bin/bash'])
const claude = started(['claude'])
const gcc = started(['/usr/bin/gcc', '-O2', 'x.c'])
const llamaServer = started(['llama-server', '--port', '40001'])
const editor = started(['/usr/share/code/code', '--no-sandbox'])
const ollama = started(['/usr/bin/ollama', 'serve'])

test('the shells, compilers and tests that a coding agent starts are the agent’s', () => {
  const make = started(['make', 'all'])
  const sh = started(['/bin/sh', '-c', 'make'])
  expect(
    appsOf(
      table(
        [1, 0, started(['systemd'])],
        [10, 1, bash],
        [11, 10, claude],
        [12, 11, bash],
        [13, 12, sh],
        [14, 13, make],
        [15, 14, gcc],
      ),
    ),
  ).toEqual({
    11: 'claude-code',
    12: 'claude-code',
    13: 'claude-code',
    14: 'claude-code',
    15: 'claude-code',
  })
})

test('a server that an agent starts is the server’s own', () => {
  expect(appsOf(table([11, 1, claude], [12, 11, bash], [13, 12, ollama], [14, 13, started(['unpack'])]))).toEqual({
    11: 'claude-code',
    12: 'claude-code',
    13: 'ollama',
    14: 'ollama',
  })
})

describe('llama-server belongs to the product above it that carries it', () => {
  test.each([
    ['ollama', ollama],
    ['jan', started(['/usr/bin/Jan'])],
    ['lemonade', started(['/usr/bin/lemond'])],
    ['tabby', started(['/opt/tabby/tabby', 'serve'])],
    ['llama-swap', started(['llama-swap'])],
  ])('%s', (app, product) => {
    const nodes = table([20, 1, product], [21, 20, started(['/bin/sh', '-c', 'x'])], [22, 21, llamaServer])
    expect(fold(nodes).get(22)).toMatchObject({ app, computes: true })
  })

  test('and to itself below a terminal, an agent or nothing', () => {
    expect(appsOf(table([20, 1, bash], [21, 20, llamaServer]))).toEqual({ 21: 'llama-server' })
    expect(appsOf(table([20, 1, claude], [21, 20, llamaServer]))).toEqual({ 20: 'claude-code', 21: 'llama-server' })
  })

  test('through a router of the same product', () => {
    const legacy = started(['/opt/jan/cortex-server'])
    expect(appsOf(table([20, 1, started(['/usr/bin/Jan'])], [21, 20, legacy], [22, 21, llamaServer]))).toEqual({
      20: 'jan',
      21: 'jan',
      22: 'jan',
    })
  })
})

test('what a person starts in an editor’s terminal is nobody’s, its language servers are the editor’s', () => {
  const languageServer = started(['/usr/bin/clangd'])
  const nodes = table(
    [30, 1, editor],
    [31, 30, languageServer],
    [32, 30, bash],
    [33, 32, gcc],
    [34, 32, claude],
    [35, 34, gcc],
  )
  expect(appsOf(nodes)).toEqual({ 30: 'vscode', 31: 'vscode', 34: 'claude-code', 35: 'claude-code' })
})

test('a container’s app takes what nothing above claims', () => {
  const inside = (name: string) => started([name], { container: 'ghcr.io/open-webui/open-webui:main' })
  const nodes = table(
    [40, 1, inside('bash')],
    [41, 40, inside('curl')],
    [42, 40, inside('ollama')],
    [43, 42, inside('cat')],
  )
  expect(appsOf(nodes)).toEqual({ 40: 'open-webui', 41: 'open-webui', 42: 'ollama', 43: 'ollama' })
})

test('a process keeps its own role, one that it inherits has none', () => {
  const nodes = table([50, 1, ollama], [51, 50, started(['tar', 'x'])])
  expect(fold(nodes).get(50)).toEqual({ app: 'ollama', role: 'server', computes: false, holdsTerminal: false })
  expect(fold(nodes).get(51)).toEqual({ app: 'ollama', role: null, computes: null, holdsTerminal: false })
})

test('a parent pid that was reused by a younger process is no parent', () => {
  const nodes = table([60, 1, ollama], [61, 60, gcc])
  const [parent, child] = nodes
  if (!parent || !child) throw new Error('two processes')
  expect(
    appsOf([
      { ...parent, startTicks: 500 },
      { ...child, startTicks: 400 },
    ]),
  ).toEqual({ 60: 'ollama' })
})

test('for any table, circles included: it ends, the order of processes is irrelevant, and only apps that matched are given', () => {
  const apps = ['a', 'b', 'c'].map((id) => AppId.parse(id))
  const claim = fc.record({ app: fc.constantFrom(...apps), role: fc.constant(null), computes: fc.constant(null) })
  const match: fc.Arbitrary<ProcessMatch> = fc
    .tuple(claim, fc.array(claim, { maxLength: 2 }), fc.boolean(), fc.boolean())
    .map(([own, claims, byContainer, holdsTerminal]) => ({ ...own, claims, byContainer, holdsTerminal }))
  const node = fc.record({
    pid: fc.integer({ min: 1, max: 30 }),
    ppid: fc.integer({ min: 0, max: 30 }),
    startTicks: fc.integer({ min: 0, max: 3 }),
    match: fc.option(match, { freq: 2 }),
    isTerminalShell: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.uniqueArray(node, { selector: (each) => each.pid, maxLength: 30 }), (nodes) => {
      const forward = fold(nodes)
      expect(sorted(fold(nodes.toReversed()))).toEqual(sorted(forward))
      const matched = new Set(
        nodes.flatMap((each) => (each.match === null ? [] : [each.match.app, ...each.match.claims.map((c) => c.app)])),
      )
      for (const [pid, { app }] of forward) {
        expect(nodes.some((each) => each.pid === pid)).toBe(true)
        expect(matched.has(app)).toBe(true)
      }
      for (const each of nodes) if (each.match !== null) expect(forward.has(each.pid)).toBe(true)
    }),
    fcOptions('catalogue', 500, 20_000),
  )
})

test('a chain of 50,000 processes is folded without recursion', () => {
  const claudeMatch = catalogue.match(claude)
  const nodes = Array.from({ length: 50_000 }, (_, index) => ({
    pid: index + 2,
    ppid: index + 1,
    startTicks: index,
    match: index === 0 ? claudeMatch : null,
    isTerminalShell: false,
  }))
  expect(fold(nodes.toReversed()).size).toBe(50_000)
})

function sorted(claims: ReadonlyMap<number, unknown>) {
  return [...claims].sort(([a], [b]) => a - b)
}
