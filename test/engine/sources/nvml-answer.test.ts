import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nvmlAnswer } from '../../../engine/sources/nvml-answer.ts'
import { NvmlRecord } from '../../../engine/sources/nvml-record.ts'
import { VendorReply, vendorReply } from '../../../engine/vendor/protocol.ts'
import { fcOptions } from '../../support/counts.ts'

/** A value of the right kind, mostly; else one that is nearly right, or garbage. */
function mostly<T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> {
  const nearly = fc.constantFrom('', 'x', '0', -1, 0.5, 2 ** 60, null, true, [], {}, [{}], [null])
  return fc.oneof({ weight: 40, arbitrary: right }, { weight: 1, arbitrary: nearly })
}

const decimal = fc.bigInt({ min: 0n, max: 10n ** 20n }).map(String)
const count = fc.nat({ max: 1_000 })
const powerMw = fc.option(fc.nat({ max: 900_000 }))

const process = fc.record({
  kind: mostly(fc.constantFrom('compute', 'graphics', 'mps')),
  count: mostly(count),
  bytes: mostly(fc.base64String()),
})
const sample = fc.record({ pid: mostly(count), atUs: mostly(decimal), smPct: mostly(count) })
const description = fc.record({
  name: mostly(fc.string()),
  uuid: mostly(fc.string()),
  architecture: mostly(count),
  enforcedLimitMw: mostly(powerMw),
  defaultLimitMw: mostly(powerMw),
  memoryBytes: mostly(decimal),
})
const card = fc.record({
  pci: mostly(fc.constantFrom('0000:01:00.0', '10000:c1:00.0')),
  code: mostly(count),
  codes: mostly(fc.dictionary(fc.constantFrom('energyMj', 'samples', 'name'), mostly(count))),
  energyMj: mostly(fc.option(decimal)),
  powerAverageMw: mostly(powerMw),
  powerInstantMw: mostly(powerMw),
  powerUsageMw: mostly(powerMw),
  gpuPct: mostly(powerMw),
  isSplit: mostly(fc.boolean()),
  lists: mostly(fc.array(process, { maxLength: 3 })),
  samples: mostly(fc.option(fc.array(sample, { maxLength: 3 }))),
  description: mostly(fc.option(description)),
})

test('an answer of the library is taken or refused exactly as its schema says', () => {
  const answer = fc.record({
    init: mostly(count),
    isSlow: mostly(fc.boolean()),
    cards: mostly(fc.array(card, { maxLength: 3 })),
  })
  fc.assert(
    fc.property(fc.oneof(answer, fc.jsonValue()), (value) => {
      const schema = NvmlRecord.safeParse(value)
      expect(nvmlAnswer(value)).toEqual(schema.success ? schema.data : null)
    }),
    fcOptions('nvml', 500, 50_000),
  )
})

test('what the vendor process says is taken or refused exactly as its schema says', () => {
  const reply = fc.record(
    {
      kind: mostly(fc.constantFrom('answer', 'problem')),
      id: mostly(count),
      value: fc.jsonValue(),
      code: fc.constantFrom('absent', 'denied', 'broken', 'x'),
      reason: mostly(fc.string()),
      remedy: fc.constantFrom(null, {}),
    },
    { requiredKeys: ['kind', 'id'] },
  )
  const answer = fc.record({ kind: fc.constant('answer'), id: mostly(count), value: fc.jsonValue() })
  fc.assert(
    fc.property(fc.oneof(answer, reply, fc.jsonValue()), (value) => {
      const schema = VendorReply.safeParse(value)
      expect(vendorReply(value)).toEqual(schema.success ? schema.data : null)
    }),
    fcOptions('vendor', 500, 50_000),
  )
})
