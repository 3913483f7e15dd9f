import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openLedger } from '../../../engine/ledger/ledger.ts'
import { runs } from '../../support/counts.ts'
import { temporaryDirectory } from './machine.ts'
import { MIDNIGHT_S } from './records.ts'
import { expectExactRollups, sumOf } from './rollup-check.ts'

const victim = fileURLToPath(new URL('./kill-victim.ts', import.meta.url))
const FLUSH_MJ = 1_000

/** Lets the victim write from `startS`, kills it in the middle of it, and tells what it had acknowledged last. */
async function killWhileWriting(directory: string, startS: number, afterFlushes: number): Promise<number> {
  const child = spawn(process.execPath, [victim, directory, String(startS)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  let acknowledgedS = startS
  let count = 0
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledgedS = Number(line)
    if (++count === afterFlushes) child.kill('SIGKILL')
  }
  await ended
  if (child.signalCode !== 'SIGKILL') throw new Error(`the victim ended by itself: ${said}`)
  return acknowledgedS
}

const kills = runs('ledger-kill', 5, 50)

test(
  `killed with SIGKILL ${kills} times while it writes, it loses no acknowledged flush and at most the one under way`,
  async () => {
    const directory = temporaryDirectory()
    let startS = MIDNIGHT_S
    const written: { fromS: number; acknowledgedS: number }[] = []
    for (let index = 0; index < kills; index++) {
      const acknowledgedS = await killWhileWriting(directory, startS, randomInt(1, 200))
      written.push({ fromS: startS, acknowledgedS })
      startS = acknowledgedS + 60
    }
    const opened = openLedger({ directory, timeZone: 'Europe/Berlin', nowS: startS, synchronous: 'off' })
    expect(opened).toMatchObject({ ok: true, value: { notices: [] } })
    if (opened.ok) opened.value.ledger.close(startS)

    const db = new Database(join(directory, 'ledger.sqlite'), { readonly: true })
    for (const { fromS, acknowledgedS } of written) {
      const { domains, apps, models } = sumOf(db, 10, fromS, acknowledgedS)
      const energyMj = (acknowledgedS - fromS) * (FLUSH_MJ / 10)
      expect(Object.values(domains)).toMatchObject([{ energyMj, idleMj: energyMj / 10 }])
      expect(Object.values(apps)).toMatchObject([{ activeMj: (energyMj / 10) * 9 }])
      expect(Object.values(models).reduce((sum, { activeMj }) => sum + activeMj, 0)).toBe((energyMj / 10) * 9)
      const underWay = Object.values(sumOf(db, 10, acknowledgedS, acknowledgedS + 60).domains)
      // The kill may come between a commit and its acknowledgement: then that flush is there whole.
      expect([0, FLUSH_MJ]).toContain(underWay[0]?.energyMj ?? 0)
    }
    const tokens = Number(db.prepare('SELECT sum(output_tokens) FROM output WHERE resolution_s = 3600').pluck().get())
    const toldS = written.reduce((sum, { fromS, acknowledgedS }) => sum + acknowledgedS - fromS, 0)
    // A token a second: of each life at most the flush under way is there beyond what was acknowledged.
    expect(tokens).toBeGreaterThanOrEqual(toldS)
    expect(tokens).toBeLessThanOrEqual(toldS + 10 * kills)
    db.close()
    expectExactRollups(directory)
  },
  runs('ledger-kill-timeout-ms', 60_000, 600_000),
)
