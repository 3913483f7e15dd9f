import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openReader } from '../../../engine/ledger/reader.ts'
import { runs } from '../../support/counts.ts'
import { temporaryDirectory } from './machine.ts'
import { MIDNIGHT_S } from './records.ts'
import { expectExactRollups } from './rollup-check.ts'
import { writeYear } from './year.ts'

const days = runs('ledger-year-days', 3, 365)

test(
  `after ${days} days of 8 domains, 20 apps, 10 models and 3 users the file has at most 25 MB, and its days sum to its hours`,
  () => {
    const directory = temporaryDirectory()
    writeYear(directory, MIDNIGHT_S, days * 86_400)
    const fileMb = statSync(join(directory, 'ledger.sqlite')).size / 1e6
    console.log(`ledger after ${days} days: ${fileMb.toFixed(1)} MB`)
    expect(fileMb).toBeLessThan(25)
    const reader = openReader(directory)
    if (!reader.ok) throw new Error(reader.reason)
    const [byDay, byHour] = (['day', 'hour'] as const).map((by) =>
      reader.value.ask('history', { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + days * 86_400, by }),
    )
    const [models, users] = (['models', 'users'] as const).map((name) =>
      reader.value.ask(name, { fromS: MIDNIGHT_S, toS: MIDNIGHT_S + days * 86_400 }),
    )
    reader.value.close()
    if (!models?.ok || !users?.ok) throw new Error('no models')
    expect(models.value).toMatchObject({ rows: { length: 10 } })
    expect(users.value).toMatchObject({ users: { length: 3 } })
    if (!byDay?.ok || !byHour?.ok) throw new Error('no history')
    expect(byDay.value.rows).toHaveLength(days)
    expect(byHour.value.rows.length).toBeGreaterThan(days * 23)
    expect(byHour.value.attributedMj).toBe(byDay.value.attributedMj)
    expectExactRollups(directory)
  },
  runs('ledger-year-timeout-ms', 60_000, 600_000),
)
