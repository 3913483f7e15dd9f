import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { closingLine, countVitest, testFiles } from '../../scripts/lib/checks.mjs'

type File = { status: string; assertionResults: { status: string }[] }

function report(
  files: readonly File[],
  counts: Partial<Record<'passed' | 'failed' | 'pending' | 'todo', number>>,
): string {
  const { passed = 0, failed = 0, pending = 0, todo = 0 } = counts
  return JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: todo,
    testResults: files,
  })
}
const good: File = { status: 'passed', assertionResults: [{ status: 'passed' }] }
const bad: File = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] }
const unloadable: File = { status: 'failed', assertionResults: [] }

test('passed, failed and skipped tests are counted as vitest counts them', () => {
  const counts = countVitest(report([good, bad], { passed: 7, failed: 1, pending: 2, todo: 1 }), 1)
  expect(counts).toEqual({ passed: 7, failed: 1, skipped: 3 })
})

test('a file that could not be loaded is a failure beside the failed tests', () => {
  expect(countVitest(report([bad, unloadable], { passed: 1, failed: 1 }), 1).failed).toBe(2)
})

test('a runner that died, an error outside any test and a run of nothing are failures', () => {
  expect(countVitest(null, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
  expect(countVitest(report([good], { passed: 1 }), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  expect(countVitest(report([], {}), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('the closing line names skipped tests only where there are some', () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
  expect(closingLine({ passed: 12, failed: 3, skipped: 1 })).toBe('12 passed, 3 failed, 1 skipped')
})

test('an area chooses the test files whose path contains it, end-to-end ones apart', () => {
  const dir = mkdtempSync(join(tmpdir(), 'perwatt-areas-'))
  const files = [
    'test/engine/tick.test.ts',
    'test/engine/ledger/open.test.ts',
    'test/e2e/tray.test.ts',
    'test/support/rigs.ts',
  ]
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), '')
  }
  expect(testFiles('unit', [], dir)).toEqual(['test/engine/ledger/open.test.ts', 'test/engine/tick.test.ts'])
  expect(testFiles('unit', ['ledger', 'nothing'], dir)).toEqual(['test/engine/ledger/open.test.ts'])
  expect(testFiles('e2e', [], dir)).toEqual(['test/e2e/tray.test.ts'])
  rmSync(dir, { recursive: true })
})
