import { describe, expect, test } from 'vitest'
import { ok, type Result } from '../../../contract/result.ts'
import type { FileFault } from '../../../engine/host/host.ts'
import { npu } from '../../../engine/sources/npu.ts'
import type { OpenSource, Reading } from '../../../engine/sources/source.ts'
import { NPU_BUSY, NPU_PCI, npuMachine } from './npu-machine.ts'
import { PowercapMachine } from './powercap.ts'

async function open(machine: PowercapMachine): Promise<OpenSource> {
  const probed = await npu.probe(machine.context)
  if (!probed.ok) throw new Error(probed.reason)
  return probed.value
}

function tick(machine: PowercapMachine, opened: OpenSource, ms = 1_000): readonly Reading[] {
  machine.host.clock.advance(ms)
  return opened.sample()
}

describe('an NPU', () => {
  test('is a domain of its own, and part of the package where that is measured', async () => {
    const machine = npuMachine()
    expect((await open(machine)).domains).toMatchObject([
      { id: `npu/${NPU_PCI}`, kind: 'npu', parent: null, provenance: 'estimate', device: NPU_PCI, activity: 'gpu' },
    ])
    machine.measuredKinds = new Set(['cpu'])
    expect((await open(machine)).domains[0]?.parent).toBe('cpu/0')
  })

  test('draws a typical power for the part of the time in which it worked', async () => {
    let busyUs = 5_000_000
    const machine = npuMachine(() => `${busyUs}\n`)
    const opened = await open(machine)
    expect(tick(machine, opened)).toEqual([])
    busyUs += 400_000
    const [reading] = tick(machine, opened)
    expect(reading).toMatchObject({ kind: 'modelled', domain: `npu/${NPU_PCI}`, powerW: 1.2 })
    const atMs = machine.host.clock.monotonicMs()
    expect(opened.uses?.()).toEqual([{ device: NPU_PCI, fromMs: atMs - 1_000, toMs: atMs, busyMs: 400, processes: [] }])
    expect(opened.uses?.()).toEqual([])
    expect(tick(machine, opened)).toMatchObject([{ kind: 'modelled', powerW: 0 }])
  })

  test('is asked once a second, however often it is sampled, and never again before it has answered', async () => {
    const machine = npuMachine()
    const opened = await open(machine)
    const { files } = machine.host
    const answers: ((answer: Result<string, FileFault>) => void)[] = []
    files.later = (_path, take) => void answers.push(take)
    for (let half = 0; half < 8; half++) tick(machine, opened, 500)
    expect(answers).toHaveLength(1)
    answers[0]?.(ok('5000000\n'))
    for (let half = 0; half < 8; half++) tick(machine, opened, 500)
    expect(answers).toHaveLength(2)
    answers[1]?.(ok('5100000\n'))
    expect(opened.sample()).toMatchObject([{ kind: 'modelled' }])
    expect(opened.sample()).toEqual([])
  })

  test('that tells of more time than passed, of less than before, or of nothing, is at fault for this look alone', async () => {
    let text = '5000000\n'
    const machine = npuMachine(() => text)
    const opened = await open(machine)
    tick(machine, opened)
    for (const nonsense of ['9000000\n', '1\n', 'x\n', '', '-5\n', '99999999999999999999\n']) {
      text = nonsense
      expect(tick(machine, opened)).toMatchObject([{ kind: 'fault', problem: { code: 'broken' } }])
      text = '5000000\n'
      tick(machine, opened)
      tick(machine, opened)
    }
    text = '5500000\n'
    expect(tick(machine, opened)).toMatchObject([{ kind: 'modelled', powerW: 1.5 }])
  })

  test('that comes or goes is a change, and one that stays keeps its count', async () => {
    let busyUs = 1_000_000
    const machine = npuMachine(() => `${busyUs}\n`)
    const opened = await open(machine)
    tick(machine, opened)
    expect(opened.refresh()).toBe(false)
    busyUs += 100_000
    expect(tick(machine, opened)).toMatchObject([{ kind: 'modelled' }])
    machine.host.remove(NPU_BUSY)
    expect(opened.refresh()).toBe(true)
    expect(opened.domains).toEqual([])
  })

  test('of an older driver, or of none, is absent; one that may not be read is denied', async () => {
    expect(await npu.probe(new PowercapMachine().context)).toMatchObject({ ok: false, code: 'absent' })
    expect(await npu.probe(npuMachine({ fault: 'absent' }).context)).toMatchObject({ ok: false, code: 'absent' })
    expect(await npu.probe(npuMachine({ fault: 'denied' }).context)).toMatchObject({ ok: false, code: 'denied' })
    expect(await npu.probe(npuMachine({ fault: 'broken' }).context)).toMatchObject({ ok: false, code: 'broken' })
  })
})
