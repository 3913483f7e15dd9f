import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rigJsonSchema } from '../../../../engine/host/rig/json-schema.ts'
import { parseRig } from '../../../../engine/host/rig/parse.ts'
import { Process, Rig } from '../../../../engine/host/rig/schema.ts'
import { Battery, Gpu, Meter } from '../../../../engine/host/rig/schema-devices.ts'
import { Model, Pattern, Server } from '../../../../engine/host/rig/schema-servers.ts'
import { rigTruth } from '../../../../engine/host/rig/truth.ts'

const DOCS = join(import.meta.dirname, '../../../../docs')
const PAGE = readFileSync(join(DOCS, 'rigs.md'), 'utf8')

test('the published schema is the one that rigs are read by', async () => {
  await expect(rigJsonSchema()).toMatchFileSnapshot(join(DOCS, 'rig.schema.json'))
})

test('the example of docs/rigs.md is a rig whose truth is what the page says', () => {
  const example = /```json\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? ''
  const rig = parseRig(example, 'rigs.md')
  if (!rig.ok) throw new Error(rig.reason)
  const truth = rigTruth(rig.value, 0, 7_200_000)
  // Four half hours of ten minutes each; of the third window (65 to 75 min) the machine sleeps through the second half.
  expect(truth.apps).toMatchObject([{ app: 'ollama', energyMj: 5.5 * 3 * 35 * 60_000, determined: true }])
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(16)
})

test('docs/rigs.md names every field of a rig, a process, a zone, a card, a battery, a meter, a server, its models and requests, and a CPU', () => {
  const { cpu, domains } = Rig.shape
  const zone = domains.unwrap().element.shape
  const devices = [Gpu.shape, Battery.shape, Meter.shape, cpu.shape]
  const servers = [Server.shape, Model.shape, Pattern.shape]
  const fields = [Rig.shape, Process.shape, zone, ...devices, ...servers].flatMap((shape) => Object.keys(shape))
  expect(fields.filter((field) => !PAGE.includes(`\`${field}\``) && !PAGE.includes(`"${field}"`))).toEqual([])
})
