import { describe, expect, test } from 'vitest'
import { recordedHost } from '../../../engine/host/recorded.ts'
import { ARC, everySource, GEFORCE, METER, MOUSE, NPU, RADEON, SECRET } from './every-source.ts'
import { figuresOf, playRun, recordRun } from './recorded-run.ts'

const TICKS = 200

describe('a machine with every kind of device', async () => {
  const host = everySource()
  const read = new Map<string, number[]>()
  const { files } = host
  const spied = { ...files }
  spied.text = (path) => {
    read.set(path, [...(read.get(path) ?? []), host.clock.monotonicMs()])
    return files.text(path)
  }
  const original = await recordRun(Object.assign(host, { files: spied }), { ticks: TICKS, wallMeters: [METER] })
  const { text } = original

  test('plays back with the same domains, energies, shares and gaps, through hangs and sleep', async () => {
    const played = await playRun(text)
    const renamed = JSON.stringify(figuresOf(original)).replaceAll(`wall/${METER.meter.id}`, 'wall/meter-1')
    expect(JSON.stringify(figuresOf(played))).toBe(renamed)
    const energies = Object.fromEntries(played.byDomain.rows.map(({ key, energyMj }) => [key, energyMj]))
    for (const device of [
      `gpu/${RADEON}`,
      `gpu/${GEFORCE}`,
      `gpu/${ARC}`,
      `npu/${NPU}`,
      'battery/main',
      'wall/meter-1',
    ])
      expect(energies[device], device).toBeGreaterThan(1_000)
    const ollama = played.byApp.rows.find(({ key }) => key === 'ollama')
    expect(ollama?.activeMj).toBeGreaterThan(1_000_000)
  })

  test('leaves no name, serial number, address, secret or path of anybody in the text', () => {
    expect(text.toLowerCase()).not.toContain(SECRET.toLowerCase())
    expect(text).not.toContain(MOUSE)
    expect(text).not.toMatch(/unique_id|serial|MODALIAS|client-name|ssid|\/home|switch:0/)
    expect(text).toContain('"uuid": "GPU-1"')
  })

  test('is asked nothing of a card that sleeps but what the kernel keeps: nobody ran into its refusal', () => {
    const ofRadeon = [...read].filter(([path]) => path.includes(RADEON) || /card0\/|hwmon2\//.test(path))
    const asleep = ofRadeon.filter(([, times]) => times.some((atMs) => atMs > 101_000 && atMs < 150_000))
    const names = new Set(asleep.map(([path]) => path.slice(path.lastIndexOf('/') + 1)))
    expect([...names].toSorted()).toEqual(['control', 'name', 'product_name', 'runtime_status', 'uevent', 'vendor'])
    expect(text).not.toMatch(/^fail \d+ \S+ denied$/m)
  })

  test('has its binary tables in base64, and a second of it is small', () => {
    expect(text).toMatch(/^bytes \d+ \/sys\/class\/drm\/card0\/device\/gpu_metrics [A-Za-z\d+/]+={0,2}$/m)
    const moments = text.split('\nat ').slice(-20)
    expect(Math.max(...moments.map(({ length }) => length))).toBeLessThan(1_500)
  })

  test('has its drivers’ answers at the times of then, and their problems in place of answers', () => {
    const played = recordedHost(text)
    if (!played.ok) throw new Error(played.reason)
    const session = played.value.vendor('nvml')
    const seen: unknown[] = []
    const request = { pcis: [GEFORCE], sinceUs: {}, isSlow: false }
    for (let second = 0; second <= 100; second++) {
      const late = session.latest === null ? null : session.latest.answeredMs - session.latest.askedMs
      if (second % 20 === 5) seen.push(session.problem?.code ?? late)
      session.ask(request)
      played.value.advance()
    }
    expect(seen).toEqual([40, 40, 40, 'broken', 'broken'])
    expect(session.problem).toBeNull()
    expect(played.value.vendor('libproc').problem).toMatchObject({ code: 'absent' })
  })
})
