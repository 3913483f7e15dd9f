import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppId } from '../../../contract/ids.ts'
import { deviceSamples, heldByPid } from '../../../engine/processes/device-samples.ts'
import type { DeviceUse, ProcessUse } from '../../../engine/processes/gpu-time.ts'
import { fcOptions } from '../../support/counts.ts'

const CARD = '0000:01:00.0'
const APPS: Readonly<Record<number, string>> = { 10: 'ollama', 11: 'ollama', 20: 'comfyui' }
const appOf = (pid: number) => (APPS[pid] ?? null) as AppId | null

function use(processes: readonly Partial<ProcessUse>[], busyMs: number | null = null, device = CARD): DeviceUse {
  const told = processes.map((one) => ({ pid: 1, busyMs: null, memoryBytes: null, isResident: false, ...one }))
  return { device, fromMs: 0, toMs: 1_000, busyMs, processes: told }
}

test('processes fold into apps, and whoever is none is other', () => {
  const [sample] = deviceSamples(
    [
      use([
        { pid: 10, busyMs: 200 },
        { pid: 11, busyMs: 100, memoryBytes: 5, isResident: true },
        { pid: 99, busyMs: 50 },
      ]),
    ],
    appOf,
  )
  expect(sample).toMatchObject({ device: CARD, busyMs: 350, otherMs: 50, by: 'time' })
  expect(sample?.apps).toEqual([{ app: 'ollama', busyMs: 300, residentBytes: 5 }])
})

test('two interfaces that tell of one process are not added up', () => {
  const [sample] = deviceSamples(
    [
      use([{ pid: 10, busyMs: 200, memoryBytes: 7 }]),
      use([{ pid: 10, busyMs: 180, memoryBytes: 9, isResident: true }]),
    ],
    appOf,
  )
  expect(sample?.apps).toEqual([{ app: 'ollama', busyMs: 200, residentBytes: 9 }])
})

test('time that no process explains goes to those whose time nobody tells, by memory', () => {
  const [sample] = deviceSamples(
    [
      use(
        [
          { pid: 10, busyMs: null, memoryBytes: 300 },
          { pid: 20, busyMs: null, memoryBytes: 100 },
          { pid: 99, busyMs: 200 },
        ],
        1_000,
      ),
    ],
    appOf,
  )
  expect(sample).toMatchObject({ busyMs: 1_000, otherMs: 200, by: 'memory' })
  expect(sample?.apps.map(({ app, busyMs }) => [app, busyMs])).toEqual([
    ['ollama', 600],
    ['comfyui', 200],
  ])
})

test('holders of whom nobody tells anything share alike', () => {
  const [sample] = deviceSamples([use([{ pid: 10 }, { pid: 99 }], 400)], appOf)
  expect(sample).toMatchObject({ busyMs: 400, otherMs: 200, apps: [{ app: 'ollama', busyMs: 200 }] })
})

test('time that the device worked and nobody is seen for is other', () => {
  const [sample] = deviceSamples([use([{ pid: 10, busyMs: 100 }], 400)], appOf)
  expect(sample).toMatchObject({ busyMs: 400, otherMs: 300, by: 'time' })
})

test('whatever drivers tell, no time is invented or lost', () => {
  const ms = fc.option(fc.double({ min: 0, max: 1_000, noNaN: true }))
  const process = fc.record({
    pid: fc.integer({ min: 8, max: 22 }),
    busyMs: ms,
    memoryBytes: fc.option(fc.nat(2 ** 31 - 1)),
    isResident: fc.boolean(),
  })
  const uses = fc.array(fc.tuple(fc.array(process, { maxLength: 8 }), ms, fc.constantFrom('a', 'b')), { maxLength: 5 })
  fc.assert(
    fc.property(uses, (told) => {
      for (const sample of deviceSamples(
        told.map(([processes, busyMs, device]) => use(processes, busyMs, device)),
        appOf,
      )) {
        const appsMs = sample.apps.reduce((sum, { busyMs }) => sum + busyMs, 0)
        expect(sample.busyMs >= 0 && sample.busyMs <= 1_000 && sample.otherMs >= 0).toBe(true)
        expect(appsMs + sample.otherMs).toBeGreaterThanOrEqual(sample.busyMs - 1e-6)
        for (const { busyMs, residentBytes } of sample.apps) expect(busyMs >= 0 && residentBytes >= 0).toBe(true)
      }
    }),
    fcOptions('attribution', 300, 20_000),
  )
})

test('what a process holds of several cards is added up, and told twice of one it is not', () => {
  const held = heldByPid([
    use([{ pid: 10, memoryBytes: 7 }, { pid: 11 }]),
    use([{ pid: 10, memoryBytes: 9 }]),
    use([{ pid: 10, memoryBytes: 4 }], null, '0000:02:00.0'),
  ])
  expect(held).toEqual(new Map([[10, 13]]))
})
