import { describe, expect, test } from 'vitest'
import { parseClients, timeByPid } from '../../../../engine/processes/gpu-accelerators.ts'
import { usesBetween } from '../../../../engine/processes/gpu-pdh.ts'
import { type LookRequest, parseLook } from '../../../../engine/processes/macos-look.ts'
import { msOf } from '../../../../engine/processes/macos-times.ts'
import { readPdhLook } from '../../../../engine/processes/pdh-look.ts'
import { readLook } from '../../../../engine/processes/windows-answer.ts'
import { flowOfBatteries, readBatteries } from '../../../../engine/sources/battery-windows-flow.ts'
import { readMeasurements, readMeters } from '../../../../engine/sources/emi-answer.ts'
import { parseChannels } from '../../../../engine/sources/ioreport-channels.ts'
import { parseBattery, powerBetween } from '../../../../engine/sources/smart-battery-look.ts'
import { parseSmc, smcNumber } from '../../../../engine/sources/smc-value.ts'
import { hostWith } from '../../../support/rigs.ts'

type Rigged = ReturnType<typeof hostWith>

async function answerOf(host: Rigged, driver: string, request?: unknown): Promise<unknown> {
  const answer = await host.vendor(driver).answer(request)
  if (!answer.ok) throw new Error(answer.reason)
  return answer.value.value
}

const ALL: LookRequest = { all: true, describe: [], times: [] }
const OLLAMA = '/Applications/Ollama.app/Contents/Resources/ollama'

/** Draws 1 + 4 W in its processor, 0.5 W in memory, 2 W in its Neural Engine, 10 W in its GPU, and 3 W beside. */
function mac(more: Record<string, unknown> = {}): Rigged {
  return hostWith({
    platform: 'darwin',
    cpu: { logicalCpus: 4, efficiency: { cpus: 2, capacityRatio: 0.25 } },
    meterUid: 501,
    domains: [
      { zone: 'package-0', floorW: 1, wattsPerCore: 4 },
      { zone: 'dram', floorW: 0.5 },
      { zone: 'npu', floorW: 0, otherW: 2 },
      { zone: 'psys', floorW: 3 },
    ],
    gpus: [{ pci: 'apple', vendor: 'apple', name: 'GPU', floorW: 0, wattsPerEngine: 20 }],
    processes: [
      { name: 'ollama', app: 'ollama', pid: 42, uid: 501, exe: OLLAMA, args: ['serve'], load: 1, gpu: 0.5 },
      { name: 'theirs', pid: 50, uid: 502, cores: 'efficiency' },
    ],
    ...more,
  })
}

const MAC_W = 1 + 4 + 0.5 + 2 + 10 + 3

describe('a Mac', () => {
  test('counts what its chip draws, in the units of an M4', async () => {
    const host = mac()
    host.clock.advance(2_000)
    const channels = parseChannels(await answerOf(host, 'ioreport')) ?? []
    expect(channels.map(({ name, unit, value }) => [name, unit, Number(value)])).toEqual([
      ['CPU Energy', 'mJ', 10_000],
      ['DRAM', 'mJ', 1_000],
      ['ANE', 'uJ', 4_000_000],
      ['GPU Energy', 'nJ', 20_000_000_000],
    ])
  })

  test('measures itself as a whole, and knows no other key', async () => {
    const host = mac()
    host.clock.advance(5_000)
    const keys = parseSmc(await answerOf(host, 'smc', { keys: ['PSTR', 'PCPT'] })) ?? {}
    expect(Math.abs(Number(smcNumber(keys, 'PSTR')) / MAC_W - 1)).toBeLessThan(0.0021)
    expect(smcNumber(keys, 'PCPT')).toBe('absent')
  })

  test('whose controller may not be opened, and one without battery, GPU or counters, say so', async () => {
    const denied = mac({ domains: [{ zone: 'psys', floorW: 3, access: 'denied' }], gpus: [] })
    expect(await denied.vendor('smc').answer()).toMatchObject({ ok: false, code: 'denied' })
    for (const driver of ['ioreport', 'accelerators', 'smart-battery', 'nvml', 'emi', 'pdh'])
      expect(await denied.vendor(driver).answer()).toMatchObject({ ok: false, code: 'absent' })
  })

  test('has a battery whose controller adds up what the whole machine draws', async () => {
    const host = mac({ battery: { floorW: 0.5, plugged: [{ every: '1h', from: '10m', to: '20m' }] } })
    host.clock.advance(10_000)
    const before = parseBattery(await answerOf(host, 'smart-battery'))
    host.clock.advance(60_000)
    const now = parseBattery(await answerOf(host, 'smart-battery'))
    if (before === null || now === null) throw new Error('no look')
    expect(now.isOnMains).toBe(false)
    expect(now.givenW).toBeCloseTo(MAC_W + 0.5, 1)
    expect(powerBetween(before, now)).toBeCloseTo(MAC_W + 0.5, 6)
    host.clock.advance(10 * 60_000)
    expect(parseBattery(await answerOf(host, 'smart-battery'))).toMatchObject({ isOnMains: true, givenW: 0 })
  })

  test('describes each process once, tells the times and the energy of one’s own, and denies those of others', async () => {
    const host = mac()
    const session = host.vendor('libproc')
    const lookAt = async (request: LookRequest) => {
      const answer = await session.answer(request)
      const look = answer.ok ? parseLook(answer.value.value) : null
      if (look === null) throw new Error('no look')
      return look
    }
    const first = await lookAt(ALL)
    expect(first).toMatchObject({ isWhole: true, performanceLevels: 2 })
    expect(first.processes.map(({ pid, path }) => [pid, path])).toEqual([
      [1, '/sbin/launchd'],
      [42, OLLAMA],
      [50, '/usr/bin/theirs'],
    ])
    expect(first.processes[1]).toMatchObject({ uid: 501, ppid: 1, comm: 'ollama', words: [OLLAMA, 'serve'] })
    expect(first.processes[2]).toMatchObject({ words: [], workingDirectory: null })
    host.clock.advance(1_500)
    const next = await lookAt({ all: false, describe: [], times: [42, 50] })
    expect(next).toMatchObject({ isWhole: false, processes: [], gone: [] })
    const [own, theirs] = next.usages.map(({ usage }) => usage)
    expect(theirs).toBe('denied')
    if (typeof own !== 'object') throw new Error('no times')
    expect(msOf(own.ownTicks, next.timebase)).toBeCloseTo(1_500, 3)
    expect(own.energyNj).toBe(4 * 1_500 * 1e6)
    const busyTicks = ({ cpuTicks }: typeof next) => (cpuTicks?.user ?? 0) + (cpuTicks?.system ?? 0)
    expect(busyTicks(next) - busyTicks(first)).toBe(150)
  })

  test('tells of a process that starts and one that ends, and of its time to the one that waited', async () => {
    const host = mac({
      processes: [
        { name: 'parent', pid: 40, uid: 501 },
        { name: 'child', pid: 42, uid: 501, parent: 'parent', start: '1s', stop: '3s', load: 1 },
      ],
    })
    const session = host.vendor('libproc')
    const lookAt = async (request: LookRequest) => {
      const answer = await session.answer(request)
      return answer.ok ? parseLook(answer.value.value) : null
    }
    await lookAt(ALL)
    host.clock.advance(2_000)
    const started = await lookAt({ all: false, describe: [], times: [] })
    expect(started?.processes).toMatchObject([{ pid: 42, ppid: 40 }])
    expect(Number(started?.processes[0]?.parentId)).toBeLessThan(Number(started?.processes[0]?.uniqueId))
    host.clock.advance(2_000)
    const ended = await lookAt({ all: false, describe: [], times: [40, 42] })
    expect(ended?.gone).toEqual([42])
    expect(ended?.usages.map(({ usage }) => (typeof usage === 'object' ? usage.childTicks : usage))).toEqual([
      2_000 * 24_000,
      'gone',
    ])
  })

  test('tells the time of the GPU by process, and has no files of Linux', async () => {
    const host = mac()
    const before = parseClients(await answerOf(host, 'accelerators')) ?? []
    host.clock.advance(3_000)
    const now = parseClients(await answerOf(host, 'accelerators')) ?? []
    expect(timeByPid(new Map(before.map(({ id, timeNs }) => [id, timeNs])), now, 3_000)).toEqual(new Map([[42, 1_500]]))
    expect(host.files.list('/proc')).toMatchObject({ ok: false, code: 'absent' })
    expect(await host.facts()).toMatchObject({ osName: 'Rig macOS', virtualisation: 'none' })
  })
})

const OLLAMA_EXE = 'C:\\Program Files\\Ollama\\ollama.exe'
const GIB = 2 ** 30

function windows(more: Record<string, unknown> = {}): Rigged {
  return hostWith({
    platform: 'win32',
    cpu: { vendor: 'GenuineIntel', logicalCpus: 4, efficiency: { cpus: 2, capacityRatio: 0.5 } },
    domains: [{ zone: 'package-0', floorW: 10, wattsPerCore: 5, children: [{ zone: 'dram', floorW: 2 }] }],
    gpus: [{ pci: '0000:0a:00.0', vendor: 'nvidia', name: 'Card', floorW: 20, wattsPerEngine: 100 }],
    processes: [
      {
        name: 'ollama',
        app: 'ollama',
        pid: 44,
        exe: OLLAMA_EXE,
        args: ['serve', 'a b'],
        load: 1,
        gpu: 0.25,
        gpuMemoryBytes: GIB,
      },
      { name: 'service', pid: 48, uid: 18, exe: 'C:\\Windows\\service.exe' },
    ],
    ...more,
  })
}

describe('a Windows machine', () => {
  test('counts its processor in picowatt-hours, with the time of the meter', async () => {
    const host = windows()
    const meters = readMeters(await answerOf(host, 'emi', { kind: 'describe' }))
    if (!meters.ok) throw new Error(meters.reason)
    expect(meters.value.map(({ channels }) => channels)).toEqual([['RAPL_Package0_PKG', 'RAPL_Package0_DRAM']])
    const measure = async () =>
      readMeasurements(await answerOf(host, 'emi', { kind: 'measure' }), meters.value)[0] ?? []
    const before = await measure()
    host.clock.advance(3_600)
    const joules = (await measure()).map(
      ({ energyPwh }, index) => Number(energyPwh - (before[index]?.energyPwh ?? 0n)) * 3.6e-9,
    )
    expect(joules[0]).toBeCloseTo(15 * 3.6, 6)
    expect(joules[1]).toBeCloseTo(2 * 3.6, 6)
    expect(Number((await measure())[0]?.time100ns) - Number(before[0]?.time100ns)).toBe(36_000_000)
  })

  test('whose meters may not be opened, and one without any, say so', async () => {
    const metersOf = async (access: string) =>
      readMeters(await answerOf(windows({ domains: [{ zone: 'package-0', floorW: 1, access }] }), 'emi'))
    expect(await metersOf('denied')).toMatchObject({ ok: false, code: 'denied' })
    expect(await metersOf('absent')).toMatchObject({ ok: false, code: 'absent' })
    expect(await windows().vendor('libproc').answer()).toMatchObject({ ok: false, code: 'absent' })
  })

  test('lists every process with its times, and the image of those that one may look into', async () => {
    const host = windows()
    const before = readLook(await answerOf(host, 'processes-windows', { identify: [44, 48] }))
    host.clock.advance(1_500)
    const now = readLook(await answerOf(host, 'processes-windows', { identify: [] }))
    expect(before?.images).toEqual([
      { pid: 44, path: OLLAMA_EXE, commandLine: '"C:\\Program Files\\Ollama\\ollama.exe" serve "a b"' },
      { pid: 48, path: null, commandLine: null },
    ])
    expect(now?.processes.map(({ pid, name, parentPid }) => [pid, name, parentPid])).toEqual([
      [0, '', 0],
      [4, 'System', 0],
      [44, 'ollama.exe', 4],
      [48, 'service.exe', 4],
    ])
    expect(now?.processes[2]).toMatchObject({ busyMs: 1_500, cycles: 1_500 * 4_200_000 })
    expect((now?.busyMs ?? 0) - (before?.busyMs ?? 0)).toBeCloseTo(1_500, 3)
    expect(now?.coresDiffer).toBe(true)
  })

  test('tells time and memory of a card by process, by the address of the card', async () => {
    const host = windows()
    const look = async () => readPdhLook(await answerOf(host, 'pdh'), host.clock.monotonicMs())
    const before = await look()
    host.clock.advance(2_000)
    const now = await look()
    if (before === null || now === null) throw new Error('no look')
    expect(usesBetween(before, now)).toEqual([
      {
        device: '0000:0a:00.0',
        fromMs: 0,
        toMs: 2_000,
        busyMs: 500,
        processes: [{ pid: 44, busyMs: 500, memoryBytes: GIB, isResident: true }],
      },
    ])
  })

  test('tells what flows out of its battery, and that there is none', async () => {
    const flow = async (host: Rigged) => flowOfBatteries(readBatteries(await answerOf(host, 'battery-windows')) ?? [])
    expect(await flow(windows())).toEqual({ kind: 'unknown' })
    const laptop = windows({ battery: { floorW: 5, plugged: [{ every: '1h', from: '1m', to: '2m' }] } })
    laptop.clock.advance(10_000)
    expect(await flow(laptop)).toEqual({ kind: 'discharging', powerW: 15 + 2 + 20 + 25 + 5 })
    laptop.clock.advance(60_000)
    expect(await flow(laptop)).toEqual({ kind: 'supplied' })
  })
})

const UP_MS = 3_600_000
const SINCE_1601_MS = 11_644_473_600_000 + Date.parse('2026-11-16T08:00:00Z')

test.each([
  ['darwin', '/a', UP_MS * 24_000],
  ['win32', 'C:\\a.exe', SINCE_1601_MS],
])(
  'on %s a process is signalled by its pid and its start, and another of that number never',
  (platform, exe, startTicks) => {
    const host = hostWith({ platform, uptime: '1h', processes: [{ name: 'a', pid: 42, exe, start: '0s' }] })
    host.clock.advance(1_000)
    expect(host.signal({ pid: 42, startTicks: startTicks + 1 }, 'SIGTERM')).toMatchObject({ ok: false, code: 'gone' })
    expect(host.signal({ pid: 42, startTicks }, 'SIGTERM')).toMatchObject({ ok: true })
  },
)
