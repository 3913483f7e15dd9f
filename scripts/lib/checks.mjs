import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { cacheDir, projectDir } from './paths.mjs'
import { runTool } from './run.mjs'

/**
 * One check as `npm test` counts it.
 * @typedef {{ passed: number, failed: number, skipped: number }} Count
 */

const TSCONFIGS = ['', '.engine', '.main', '.preload', '.renderer', '.renderer-test'].map(
  (part) => `tsconfig${part}.json`,
)

/** @param {(text: string) => void} print */
export async function checkTypes(print) {
  /** @type {Count} */
  const count = { passed: 0, failed: 0, skipped: 0 }
  const waiting = [...TSCONFIGS]
  const work = async () => {
    for (let config = waiting.shift(); config !== undefined; config = waiting.shift()) {
      const { code, output } = await runTool('typescript/bin/tsc', ['--noEmit', '--pretty', '-p', config])
      print(code === 0 ? `✓ types: ${config}\n` : `✗ types: ${config}\n${output}\n`)
      add(count, code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 })
    }
  }
  await Promise.all([work(), work()])
  return count
}

/**
 * @param {(text: string) => void} print
 * @returns {Promise<Count>}
 */
export async function checkLint(print) {
  const { code, output } = await runTool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings'])
  print(code === 0 ? '✓ lint\n' : `✗ lint\n${output}\n`)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 }
}

/**
 * @param {'unit' | 'e2e'} project of vitest.config.ts
 * @param {readonly string[]} files
 * @param {(text: string) => void} print
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 */
export async function runVitest(project, files, print, options = {}) {
  const report = join(cacheDir, `vitest-${project}.json`)
  rmSync(report, { force: true })
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code } = await runTool('vitest/vitest.mjs', [...args, ...files], { ...options, onOutput: print })
  return countVitest(existsSync(report) ? readFileSync(report, 'utf8') : null, code)
}

/**
 * What vitest's JSON report amounts to. A file that could not be loaded, an error outside any test, a runner that died
 * before it reported and a run of nothing each count as a failure: a green line means that tests ran and passed.
 * @param {string | null} report
 * @param {number} exitCode
 * @returns {Count}
 */
export function countVitest(report, exitCode) {
  if (report === null) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(report)
  const brokenFiles = testResults.filter(
    (/** @type {{ status: string, assertionResults: { status: string }[] }} */ file) =>
      file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length
  const failed = numFailedTests + brokenFiles
  const somethingElse = failed === 0 && (exitCode !== 0 || numPassedTests === 0) ? 1 : 0
  return { passed: numPassedTests, failed: failed + somethingElse, skipped: numPendingTests + numTodoTests }
}

/**
 * The test files of a project whose path contains `area`; all of them where no area is named.
 * @param {'unit' | 'e2e'} project
 * @param {readonly string[]} areas
 * @param {string} [dir]
 */
export function testFiles(project, areas, dir = projectDir) {
  return readdirSync(join(dir, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.test\.tsx?$/.test(file))
    .filter((file) => file.startsWith(`e2e${sep}`) === (project === 'e2e'))
    .map((file) => relative('.', join('test', file)).replaceAll(sep, '/'))
    .filter((file) => areas.length === 0 || areas.some((area) => file.includes(area)))
    .sort()
}

/**
 * @param {Count} total
 * @param {Count} count
 */
export function add(total, count) {
  total.passed += count.passed
  total.failed += count.failed
  total.skipped += count.skipped
}

/** @param {Count} count The line that CI reads. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
