import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLedger } from '../../../engine/ledger/ledger.ts'
import { openReader } from '../../../engine/ledger/reader.ts'
import { openDescribed, temporaryDirectory } from './machine.ts'
import { cpu, gemma, interval, MIDNIGHT_S, modelInterval, output, qwen } from './records.ts'
import { expectExactRollups } from './rollup-check.ts'

/** Whether this user may mount a file system of a known size here. */
function mayMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    const probe = mkdtempSync(join(tmpdir(), 'perwatt-mount-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe], { stdio: 'ignore' })
    execFileSync('umount', [probe])
    rmSync(probe, { recursive: true })
    return true
  } catch {
    return false
  }
}

const mountable = mayMount()
const needsRoot = mountable ? '' : ' (skipped: mounting a small file system takes root)'

function smallDisk(sizeKib: number): string {
  const directory = join(temporaryDirectory(), 'disk')
  mkdirSync(directory, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKib}k,mode=700`, 'tmpfs', directory])
  onTestFinished(() => void execFileSync('umount', ['-l', directory]))
  return directory
}

function fill(directory: string): () => void {
  const { bavail, bsize } = statfsSync(directory)
  const ballast = join(directory, 'ballast')
  writeFileSync(ballast, Buffer.alloc(bavail * bsize))
  return () => rmSync(ballast)
}

test.skipIf(!mountable)(
  `a disk that fills up is survived and reported, and nothing is lost when space returns${needsRoot}`,
  () => {
    const directory = smallDisk(4_096)
    const { ledger } = openDescribed(directory, { synchronous: 'full' })
    let release = () => {}
    const states: string[] = []
    for (let index = 0; index < 3 * 360; index++) {
      const startS = MIDNIGHT_S + index * 10
      if (index === 50) release = fill(directory)
      if (index === 1_000) release()
      const drawn = interval(cpu, [startS, startS + 10], { otherMj: 7, shares: { ollama: { activeMj: index } } })
      ledger.record(drawn)
      ledger.recordModels(modelInterval(drawn, [qwen, gemma]))
      ledger.recordOutput(output(startS, { outputTokens: 3 }))
      ledger.saveState('index', String(index))
      const flushed = ledger.flush(startS + 10)
      if (states.at(-1) !== ledger.status.state) states.push(ledger.status.state)
      if (ledger.status.state === 'full') {
        expect(flushed).toMatchObject({ ok: false, code: 'diskFull', reason: expect.stringContaining(directory) })
        expect(ledger.status.reason).toContain('full')
      }
    }
    expect(states).toEqual(['writing', 'full', 'writing'])
    const endS = MIDNIGHT_S + 3 * 3_600
    expect(ledger.close(endS)).toMatchObject({ ok: true })
    const reader = openReader(directory)
    if (!reader.ok) throw new Error(reader.reason)
    const answer = reader.value.ask('history', { fromS: MIDNIGHT_S, toS: endS, by: 'app' })
    const models = reader.value.ask('models', { fromS: MIDNIGHT_S, toS: endS })
    reader.value.close()
    if (!models.ok) throw new Error(models.reason)
    expect(models.value.rows.reduce((sum, { activeMj }) => sum + activeMj, 0)).toBe((1_079 * 1_080) / 2)
    expect(models.value.rows.reduce((sum, { delivered }) => sum + (delivered.outputTokens ?? 0), 0)).toBe(3 * 1_080)
    expect(answer).toMatchObject({
      value: { otherMj: 1_080 * 7, attributedMj: (1_079 * 1_080) / 2, coverageRatio: 1, gaps: [] },
    })
    expectExactRollups(directory)
  },
)

test.skipIf(!mountable)(`a ledger cannot be begun on a full disk, and says so${needsRoot}`, () => {
  const directory = smallDisk(64)
  fill(directory)
  const refused = openLedger({ directory, timeZone: 'UTC', nowS: MIDNIGHT_S, synchronous: 'full' })
  expect(refused).toMatchObject({ ok: false, code: 'diskFull', remedy: { argv: ['df', '-h', directory] } })
})

test.skipIf(!mountable)(`on a read-only disk a ledger is refused for writing and still read${needsRoot}`, () => {
  const directory = smallDisk(1_024)
  const { ledger } = openDescribed(directory)
  ledger.record(interval(cpu, [MIDNIGHT_S, MIDNIGHT_S + 10], { otherMj: 42 }))
  ledger.close(MIDNIGHT_S + 10)
  execFileSync('mount', ['-o', 'remount,ro', directory])
  const refused = openLedger({ directory, timeZone: 'UTC', nowS: MIDNIGHT_S, synchronous: 'full' })
  expect(refused).toMatchObject({ ok: false, code: 'notWritable' })
  const reader = openReader(directory)
  if (!reader.ok) throw new Error(reader.reason)
  const answer = reader.value.ask('history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + 10, by: 'domain' })
  reader.value.close()
  expect(answer).toMatchObject({ value: { measuredMj: 42 } })
})
