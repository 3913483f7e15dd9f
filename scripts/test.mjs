/**
 * `npm test [-- AREA…]`: sets up what is missing and runs every check; with areas, those whose test files match (a part of
 * the path; `types` and `lint` are areas too). `--soak` runs property tests many times over. The last line says the sum.
 */
import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { add, checkLint, checkTypes, closingLine, runVitest, testFiles } from './lib/checks.mjs'
import { ensureDependencies } from './lib/dependencies.mjs'
import { cacheDir } from './lib/paths.mjs'
import { Stop, say } from './lib/say.mjs'
import { setUpApp } from './setup.mjs'

/** @typedef {{ title: string, run: () => Promise<import('./lib/checks.mjs').Count> }} Step */

const args = process.argv.slice(2)
const areas = args.filter((arg) => arg !== '--soak')
const isSoak = args.includes('--soak')
const total = { passed: 0, failed: 0, skipped: 0 }
process.exitCode = await runAll()
print(`\n${closingLine(total)}\n`)

/** A set-up that cannot go on is a failed check too: the closing line says so, the exit code says what kind. */
async function runAll() {
  try {
    mkdirSync(cacheDir, { recursive: true })
    await ensureDependencies()
    for (const step of chosenSteps()) {
      print(`\n── ${step.title}\n`)
      add(total, await step.run())
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    say(error.message)
    total.failed += 1
    return error.exitCode
  }
  return total.failed === 0 ? 0 : 1
}

/** @returns {readonly Step[]} */
function chosenSteps() {
  /** @param {string} area */
  const isChosen = (area) => (areas.length === 0 && !isSoak) || areas.includes(area)
  const unit = testFiles('unit', areas)
  const e2e = process.platform === 'linux' ? testFiles('e2e', areas) : []
  /** @type {Step[]} */
  const steps = []
  if (isChosen('types')) steps.push({ title: 'types', run: () => checkTypes(print) })
  if (isChosen('lint')) steps.push({ title: 'lint', run: () => checkLint(print) })
  if (unit.length + e2e.length > 0) steps.push({ title: 'set-up', run: setUp })
  if (unit.length > 0) steps.push({ title: 'unit and integration tests', run: () => vitest('unit', unit) })
  if (e2e.length > 0) steps.push({ title: 'end-to-end tests', run: () => vitest('e2e', e2e) })
  if (steps.length > 0) return steps
  throw new Stop(`No test file's path contains ${areas.join(' or ')}, and it is neither "types" nor "lint".`)
}

/** Only a set-up that fails is counted, by what it throws. */
async function setUp() {
  await setUpApp({ tests: true })
  return { passed: 0, failed: 0, skipped: 0 }
}

/**
 * @param {'unit' | 'e2e'} project
 * @param {readonly string[]} files
 */
function vitest(project, files) {
  process.env.PERWATT_SEED ??= String(randomInt(2 ** 31))
  print(`Property tests start from PERWATT_SEED=${process.env.PERWATT_SEED}; set it to repeat them.\n`)
  return runVitest(project, files, print, isSoak ? { env: { PERWATT_SOAK: '1' } } : {})
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text)
}
