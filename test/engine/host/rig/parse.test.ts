import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseJsonLines } from '../../../../engine/host/rig/json-lines.ts'
import { loadRigFile } from '../../../../engine/host/rig/load-file.ts'
import { parseRig } from '../../../../engine/host/rig/parse.ts'
import { fcOptions } from '../../../support/counts.ts'

const RIGS = join(import.meta.dirname, '../../../rigs')
const LAPTOP = readFileSync(join(RIGS, 'rapl-laptop.json'), 'utf8')

/** A small rig, one field a line, with one of its lines replaced. */
function rigText(line: string, wrong: string): string {
  const lines = [
    '{',
    '"title": "T", "about": "A.",',
    '"start": "2026-11-16T08:00:00Z",',
    '"duration": "1h",',
    '"cpu": { "logicalCpus": 2 },',
    '"domains": [{ "zone": "package-0", "floorW": 1 }],',
    '"processes": [{ "name": "a", "load": 1 }],',
    '"events": []',
    '}',
  ]
  return lines.map((text) => (text.startsWith(`"${line}"`) ? wrong : text)).join('\n')
}

function reasonOf(text: string): string {
  const rig = parseRig(text, 'my.json')
  return rig.ok ? 'ok' : rig.reason
}

test('a right rig is read', () => {
  expect(reasonOf(rigText('', ''))).toBe('ok')
})

test.each([
  ['duration', '"duration": "1 hour",', 'my.json:4: duration: expected a duration such as "90s", "15m", "2h" or "3d".'],
  ['start', '"start": "tomorrow",', 'my.json:3: start: expected a time such as "2026-11-16T08:00:00+01:00".'],
  ['cpu', '"cpu": { "logicalCpus": "2" },', 'my.json:5: cpu.logicalCpus: expected number, received string.'],
  ['cpu', '', 'my.json:1: cpu: expected object, received undefined.'],
  ['cpu', '"cpus": 2, "cpu": { "logicalCpus": 2 },', 'my.json:5: cpus: expected only the fields of docs/rigs.md.'],
  ['cpu', '"cpu": { "logicalCpus": 2 }', 'my.json:6: expected "," or "}".'],
  ['events', '"events": [}', 'my.json:8: expected a value.'],
  [
    'domains',
    '"domains": [{ "zone": "package", "floorW": 1 }],',
    'my.json:6: domains[0].zone: expected package-N, core, uncore, dram, npu or psys.',
  ],
  [
    'processes',
    '"processes": [{ "name": "a", "load": { "wave": { "period": "x", "high": 1 } } }],',
    'my.json:7: processes[0].load.wave.period: expected a duration such as "90s", "15m", "2h" or "3d".',
  ],
  [
    'processes',
    '"processes": [{ "name": "a", "load": "much" }],',
    'my.json:7: processes[0].load: expected a number, or one of { steps }, { ramp }, { wave }, { bursts }, { sum }, { from, to, load }.',
  ],
  [
    'processes',
    '"processes": [{ "name": "a", "parent": "b" }],',
    'my.json:7: processes[0].parent: expected the name of a process declared above.',
  ],
  [
    'processes',
    '"processes": [{ "name": "a", "load": 1.5 }, { "name": "b", "load": 1 }],',
    'my.json:7: processes: expected at most 2 busy performance cores, but the largest loads add up to 2.5.',
  ],
  [
    'processes',
    '"processes": [{ "name": "a", "pid": 7 }, { "name": "b", "pid": 7 }],',
    'my.json:7: processes[1].pid: expected a pid that "a" does not have at the same time.',
  ],
  [
    'processes',
    '"processes": [{ "name": "a", "load": { "steps": [["2s", 1], ["1s", 0]] } }],',
    'my.json:7: processes[0].load.steps[1][0]: expected a time after 2s.',
  ],
  [
    'events',
    '"events": [{ "suspend": "5m", "at": "1m" }, { "stall": "5s", "at": "2m" }]',
    'my.json:8: events: expected nothing to happen while asleep or stalled.',
  ],
  [
    'events',
    '"events": [{ "fault": "zero", "zone": "package-1", "at": "1m" }]',
    'my.json:8: events[0].zone: expected one of package-0.',
  ],
])('a mistake in %s is told with line, field and what was expected: %s', (line, wrong, reason) => {
  expect(reasonOf(rigText(line, wrong))).toBe(reason)
})

const CARD = '{ "pci": "0000:01:00.0", "vendor": "nvidia", "name": "N", "floorW": 9'

test.each([
  [
    `"gpus": [{ "pci": "01:00.0", "vendor": "amd", "name": "N", "floorW": 1 }],`,
    'gpus[0].pci: expected a PCI address such as "0000:01:00.0".',
  ],
  [`"gpus": [${CARD} }, ${CARD} }],`, 'gpus[1].pci: expected each address once.'],
  [
    `"gpus": [${CARD}, "wattsPerEngineOf": { "b": 1 } }],`,
    'gpus[0].wattsPerEngineOf.b: expected an app that a process has.',
  ],
  [
    `"gpus": [${CARD}, "sleeps": { "after": "5s", "sleepW": 10 } }],`,
    'gpus[0].sleeps.sleepW: expected at most floorW (9).',
  ],
  [
    `"gpus": [${CARD}, "sleeps": { "after": "soon" } }],`,
    'gpus[0].sleeps.after: expected a duration such as "90s", "15m", "2h" or "3d".',
  ],
  [
    `"gpus": [${CARD}, "otherW": { "wave": { "period": "0s", "high": 1 } } }],`,
    'gpus[0].otherW.wave.period: expected at least "1ms", and at most a million periods in the rig’s duration.',
  ],
  [`"battery": { "floorW": 1, "startsAtPercent": 101 },`, 'battery.startsAtPercent: expected number to be <=100.'],
  [
    `"battery": { "floorW": 1, "plugged": [{ "from": "5m", "to": "4m" }] },`,
    'battery.plugged[0].to: expected from < to ≤ every.',
  ],
  [`"processes": [{ "name": "a", "gpuMemoryBytes": 5 }],`, 'processes[0].gpuMemoryBytes: expected gpus in the rig.'],
  [
    `"processes": [{ "name": "a", "gpuOf": "0000:02:00.0" }], "gpus": [${CARD} }],`,
    'processes[0].gpuOf: expected one of 0000:01:00.0.',
  ],
  [
    `"processes": [{ "name": "a", "gpuMemoryBytes": "much" }], "gpus": [${CARD} }],`,
    'processes[0].gpuMemoryBytes: expected a number of bytes, or { from, to, bytes }.',
  ],
  [
    `"processes": [{ "name": "a", "gpuMemoryBytes": { "from": "1m", "to": "09:00", "bytes": 5 } }], "gpus": [${CARD} }],`,
    'processes[0].gpuMemoryBytes.to: expected from and to to be both local times or both durations.',
  ],
  [
    `"processes": [{ "name": "a", "gpu": 0.5 }, { "name": "b", "gpu": { "steps": [["1m", 0.6]] } }], "gpus": [${CARD} }],`,
    'processes[1].gpu: expected at most 1 busy engine on 0000:01:00.0, but at 60 s the loads add up to 1.1.',
  ],
  [
    `"processes": [{ "name": "a", "gpuMemoryBytes": 60 }, { "name": "b", "start": "9s", "gpuMemoryBytes": 50 }], "gpus": [${CARD}, "memoryBytes": 100 }],`,
    'processes[1].gpuMemoryBytes: expected at most 100 bytes held on 0000:01:00.0, but at 9 s there are 110.',
  ],
])('a mistake in cards and batteries is told likewise: %s', (line, reason) => {
  const field = /^"(\w+)"/.exec(line)?.[1] ?? ''
  const text = rigText(
    field === 'processes' ? 'processes' : 'cpu',
    field === 'processes' ? line : `"cpu": { "logicalCpus": 2 }, ${line}`,
  )
  expect(reasonOf(text).replace(/^my\.json:\d+: /, '')).toBe(reason)
})

const APPLE = '{ "pci": "apple", "vendor": "apple", "name": "G", "floorW": 0'

test.each([
  ['linux', '"domains": [{ "zone": "dram", "floorW": 1 }]', 'domains[0].zone: expected a package or psys.'],
  [
    'linux',
    '"domains": [{ "zone": "psys", "from": "smc", "floorW": 1 }]',
    'domains[0].from: expected powercap on linux.',
  ],
  ['linux', `"gpus": [${APPLE} }]`, 'gpus[0].vendor: expected a card of apple on darwin alone.'],
  ['darwin', '"domains": [{ "zone": "dram", "floorW": 1 }, { "zone": "npu", "floorW": 0 }]', 'ok'],
  ['darwin', `"gpus": [${CARD} }]`, 'gpus[0].vendor: expected apple on darwin.'],
  [
    'darwin',
    `"gpus": [${CARD.replace('nvidia', 'apple')} }]`,
    'gpus[0].pci: expected "apple" for a card of apple, and no other.',
  ],
  [
    'darwin',
    `"gpus": [${APPLE}, "counter": false }]`,
    'gpus[0].vendor: expected a GPU of Apple to count, never to sleep, and access ok or absent.',
  ],
  [
    'darwin',
    '"domains": [{ "zone": "package-0", "from": "smc", "floorW": 1 }]',
    'domains[0].from: expected smc for psys, and ioreport for all else.',
  ],
  [
    'darwin',
    '"domains": [{ "zone": "psys", "floorW": 1, "wattsPerCore": 1 }]',
    'domains[0].wattsPerCore: expected 0: the meter of a Mac sees what all domains draw.',
  ],
  [
    'darwin',
    '"domains": [{ "zone": "package-0", "floorW": 1, "children": [{ "zone": "core", "floorW": 1 }] }]',
    'domains[0].children: expected none: a Mac tells of no parts.',
  ],
  ['win32', '"domains": [{ "zone": "psys", "floorW": 1 }]', 'domains[0].zone: expected a package on win32.'],
  [
    'win32',
    '"domains": [{ "zone": "package-0", "floorW": 1, "away": [{ "at": "1m", "for": "1m" }] }]',
    'domains[0].away: expected none: only zones of powercap come and go.',
  ],
  [
    'win32',
    `"gpus": [${CARD.replace('nvidia', 'amd')} }]`,
    'gpus[0].access: expected absent: on win32 only the energy of NVIDIA’s cards is told.',
  ],
  [
    'win32',
    '"events": [{ "fault": "zero", "path": "/a", "at": "1m" }]',
    'events[0].fault: expected a rig of linux: faults are of files.',
  ],
  ['win32', '"processes": [{ "name": "a" }]', 'processes[0].exe: expected a path such as "C:\\Apps\\ollama.exe".'],
  [
    'darwin',
    '"processes": [{ "name": "a", "app": "b", "hint": true }]',
    'processes[0].hint: expected false: only machines of linux tell their apps.',
  ],
])('what a machine of %s cannot have is told: %s', (platform, line, reason) => {
  const field = /^"(\w+)"/.exec(line)?.[1] ?? ''
  const others = ['domains', 'processes', 'events'].filter((name) => name !== field)
  const rest = others.map((name) => `"${name}": []`).join(', ')
  const text = `{ "title": "T", "about": "A.", "start": "2026-11-16T08:00:00Z", "duration": "1h", "cpu": { "logicalCpus": 2 },
    "platform": "${platform}", ${line}, ${rest} }`
  expect(reasonOf(text).replace(/^my\.json:\d+: /, '')).toBe(reason)
})

test('loads of a card that never meet may each be all of it, and so may memory', () => {
  const users = [1, 2].map(
    (n) =>
      `{ "name": "p${n}", "gpu": 1, "gpuMemoryBytes": { "every": "10m", "from": "${n}m", "to": "${n + 1}m", "bytes": 90 } }`,
  )
  expect(reasonOf(rigText('processes', `"processes": [${users}], "gpus": [${CARD}, "memoryBytes": 100 }],`))).toBe('ok')
})

test('a truncated rig is a problem, wherever it ends', () => {
  fc.assert(
    fc.property(fc.nat(LAPTOP.trimEnd().length - 1), (length) => {
      expect(reasonOf(LAPTOP.slice(0, length))).toMatch(/^my\.json:\d+: .*expected/)
    }),
    fcOptions('rig-parse', 200, 5_000),
  )
})

test('garbage in a rig never throws: it is a rig or a problem with a line', () => {
  const edit = fc.record({
    at: fc.nat(LAPTOP.length),
    drop: fc.nat(40),
    put: fc.string({ maxLength: 20, unit: 'binary' }),
  })
  fc.assert(
    fc.property(edit, ({ at, drop, put }) => {
      expect(reasonOf(LAPTOP.slice(0, at) + put + LAPTOP.slice(at + drop))).toMatch(/^(ok|my\.json:\d+: )/)
    }),
    fcOptions('rig-parse', 300, 10_000),
  )
})

test('any JSON value in any field is a rig or a problem', () => {
  const whole = JSON.parse(readFileSync(join(RIGS, 'hybrid-laptop.json'), 'utf8'))
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(whole)), fc.jsonValue(), (field, value) => {
      expect(reasonOf(JSON.stringify({ ...whole, [field]: value }))).toMatch(/^(ok|my\.json:\d+: )/)
    }),
    fcOptions('rig-parse', 300, 10_000),
  )
})

test('the reader of JSON agrees with JSON.parse on everything that JSON.parse takes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 4), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      const read = parseJsonLines(text)
      expect(read.ok && JSON.stringify(read.value)).toBe(JSON.stringify(JSON.parse(text)))
    }),
    fcOptions('json-lines', 200, 10_000),
  )
})

test('the reader of JSON refuses what JSON.parse refuses', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), fc.constantFrom(',', '}', '"', 'x', '01', '\\', '\n'), (value, at, put) => {
      const whole = JSON.stringify(value)
      const text = whole.slice(0, at % (whole.length + 1)) + put + whole.slice(at % (whole.length + 1))
      const read = parseJsonLines(text)
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      // JSON.parse lets a key pass that is given twice, and numbers that no double holds.
      if (read.ok) expect(isJson).toBe(true)
      else if (!/only once|finite/.test(read.expected)) expect(isJson).toBe(false)
    }),
    fcOptions('json-lines', 300, 10_000),
  )
})

test.each(readdirSync(RIGS).filter((name) => name.endsWith('.json')))(
  'the shipped rig %s can be played',
  async (name) => {
    const rig = await loadRigFile(join(RIGS, name))
    expect(rig.ok ? rig.value.title.length > 0 && rig.value.about.length > 0 : rig.reason).toBe(true)
  },
)

test('a rig in TypeScript is its export, and a file without one says so', async () => {
  const rig = await loadRigFile(join(RIGS, 'staircase.ts'))
  expect(rig.ok && rig.value.processes.map(({ name }) => name)).toEqual(['step 1', 'step 2', 'step 3'])
  expect(await loadRigFile(join(import.meta.dirname, '../../../support/counts.ts'))).toMatchObject({
    code: 'badRig',
    reason: 'counts.ts: expected an export named "rig".',
  })
  expect(await loadRigFile('/nowhere/none.json')).toMatchObject({ code: 'badRig' })
})
