/**
 * `npm test [-- AREA…]`: sets up what is missing and runs every check; with areas, those whose test files match (a part of
 * the path; `types` and `lint` are areas too). `--soak` runs property tests many times over. The last line says the sum.
 */
import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { add, checkLint, checkTypes, closingLine, runVitest, testFiles } from './lib/checks.mjs'
import { ensureDependencies } from './lib/dependencies.mjs'
import { cacheDir } from './lib/paths.mjs'
import { runMain, say } from './lib/say.mjs'
import { setUpApp } from './setup.mjs'

await runMain(async () => {
  const args = process.argv.slice(2)
  const areas = args.filter((arg) => arg !== '--soak')
  const isSoak = args.includes('--soak')
  mkdirSync(cacheDir, { recursive: true })
  await ensureDependencies()
  const steps = chosenSteps(areas, isSoak)
  if (steps.some(({ needsApp }) => needsApp)) await setUpApp({ tests: true })
  process.env.PERWATT_SEED ??= String(randomInt(2 ** 31))
  print(
    `Property tests use the seed ${process.env.PERWATT_SEED}; PERWATT_SEED=${process.env.PERWATT_SEED} npm test repeats them.\n`,
  )
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const { title, run } of steps) {
    print(`\n── ${title}\n`)
    add(total, await run())
  }
  if (steps.length === 0) {
    say(`Nothing to test: no test file's path contains ${areas.join(' or ')}, and it is neither "types" nor "lint".`)
    total.failed = 1
  }
  print(`\n${closingLine(total)}\n`)
  return total.failed === 0 ? 0 : 1
})

/**
 * @param {readonly string[]} areas
 * @param {boolean} isSoak
 */
function chosenSteps(areas, isSoak) {
  /** @param {string} area */
  const isChosen = (area) => (areas.length === 0 && !isSoak) || areas.includes(area)
  const options = isSoak ? { env: { PERWATT_SOAK: '1' } } : {}
  const unit = testFiles('unit', areas)
  const e2e = process.platform === 'linux' ? testFiles('e2e', areas) : []
  const steps = []
  if (isChosen('types')) steps.push({ title: 'types', needsApp: false, run: () => checkTypes(print) })
  if (isChosen('lint')) steps.push({ title: 'lint', needsApp: false, run: () => checkLint(print) })
  if (unit.length > 0) {
    steps.push({
      title: 'unit and integration tests',
      needsApp: true,
      run: () => runVitest('unit', unit, print, options),
    })
  }
  if (e2e.length > 0) {
    steps.push({ title: 'end-to-end tests', needsApp: true, run: () => runVitest('e2e', e2e, print, options) })
  }
  return steps
}

/** @param {string} text */
function print(text) {
  process.stdout.write(text)
}
