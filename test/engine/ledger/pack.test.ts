import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cells } from '../../../engine/ledger/cells.ts'
import { packCells, unpackInto } from '../../../engine/ledger/pack.ts'
import { CorruptCells } from '../../../engine/ledger/varint.ts'
import { fcOptions } from '../../support/counts.ts'

const mj = fc.oneof(fc.nat(500), fc.nat(2 ** 31 - 1), fc.integer({ min: 0, max: 2 ** 48 }))
const part = fc.constantFrom('none', 'all', 'half')
const appRow = fc.record({ activeMj: mj, idleMj: mj, floorShareMj: mj, varMj2: mj, estimated: part })
const domainRow = fc.record({
  idleMj: mj,
  otherMj: mj,
  varMj2: mj,
  estimated: part,
  apps: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3_000 }), appRow), { selector: ([id]) => id, maxLength: 12 }),
})
const bucket = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 300 }), domainRow), {
  selector: ([id]) => id,
  maxLength: 12,
})

const estimatedOf = (kind: string, energyMj: number) =>
  kind === 'none' ? 0 : kind === 'all' ? energyMj : Math.floor(energyMj / 2)

/** Cells without zeros, as they are kept. */
function cellsOf(rows: typeof bucket extends fc.Arbitrary<infer T> ? T : never): Cells {
  const cells: Cells = new Map()
  for (const [domain, { apps, estimated, ...row }] of rows) {
    const shares = apps.filter(([, { activeMj, idleMj }]) => activeMj + idleMj > 0)
    const energyMj = shares.reduce((sum, [, { activeMj, idleMj }]) => sum + activeMj + idleMj, row.idleMj + row.otherMj)
    if (energyMj === 0) continue
    cells.set(domain, {
      ...row,
      energyMj,
      estimatedMj: estimatedOf(estimated, energyMj),
      apps: new Map(
        shares.map(([app, { estimated: kind, ...share }]) => [
          app,
          { ...share, estimatedMj: estimatedOf(kind, share.activeMj + share.idleMj) },
        ]),
      ),
    })
  }
  return cells
}

test('cells come back from their bytes as they were, whatever the numbers', () => {
  fc.assert(
    fc.property(bucket, (rows) => {
      const cells = cellsOf(rows)
      const back: Cells = new Map()
      unpackInto(back, packCells(cells))
      expect(back).toEqual(cells)
    }),
    fcOptions('ledger-pack', 300, 20_000),
  )
})

test('bytes that nobody wrote give cells or a damaged file, never another failure', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        unpackInto(new Map(), bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptCells)
      }
    }),
    fcOptions('ledger-pack', 500, 50_000),
  )
})

test('every truncation of a bucket with one domain and one app is noticed', () => {
  const cells: Cells = new Map([
    [
      1,
      {
        energyMj: 1_000,
        idleMj: 300,
        otherMj: 200,
        estimatedMj: 0,
        varMj2: 400,
        apps: new Map([[2, { activeMj: 500, idleMj: 0, floorShareMj: 214, estimatedMj: 0, varMj2: 9 }]]),
      },
    ],
  ])
  const bytes = packCells(cells)
  expect(bytes).toHaveLength(15)
  for (let length = 1; length < bytes.length; length++)
    expect(() => unpackInto(new Map(), bytes.subarray(0, length))).toThrow(CorruptCells)
})
