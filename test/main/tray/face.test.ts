import { expect, test } from 'vitest'
import { alarmOf, Bars, faceOf, isAiAtWork, stepOf, wattsInThree } from '../../../main/tray/face.ts'
import { appWith, nowWith } from '../now.ts'

test('the ring is the AI’s share of the full scale, in twenty-fourths', () => {
  expect(faceOf(nowWith(), 'running', 'ring', [])).toEqual({ kind: 'ring', step: 15, isActive: false, alarm: 'calm' })
})

test('paused, warming, blind, without AI watts, without an engine: hollow, whatever the style', () => {
  for (const style of ['ring', 'digits', 'sparkline'] as const) {
    expect(faceOf(null, 'running', style, [])).toEqual({ kind: 'hollow' })
    for (const state of ['paused', 'warming', 'blind'] as const) {
      expect(faceOf(nowWith({ state }), 'running', style, [])).toEqual({ kind: 'hollow' })
    }
    expect(faceOf(nowWith({ machine: { aiPowerW: null } }), 'running', style, [])).toEqual({ kind: 'hollow' })
    for (const state of ['starting', 'restarting', 'down'] as const) {
      expect(faceOf(nowWith(), state, style, [])).toEqual({ kind: 'hollow' })
    }
  }
})

test('digits and sparkline are drawn where the setting asks for them', () => {
  expect(faceOf(nowWith(), 'running', 'digits', [])).toEqual({ kind: 'digits', text: '38', alarm: 'calm' })
  expect(faceOf(nowWith(), 'running', 'sparkline', [1, 5])).toEqual({ kind: 'sparkline', steps: [1, 5], alarm: 'calm' })
})

test('amber begins at 80 % of the nearest budget, red at all of it', () => {
  expect([null, 0, 0.799, 0.8, 0.999, 1, 3].map(alarmOf)).toEqual([
    'calm',
    'calm',
    'calm',
    'amber',
    'amber',
    'red',
    'red',
  ])
  expect(faceOf(nowWith({ budgetUsedRatio: 0.85 }), 'running', 'ring', [])).toMatchObject({ alarm: 'amber' })
})

test('the dot means a model that generates or an AI app that works, never Perwatt itself', () => {
  const model = {
    ...{ id: 'm', app: appWith({ name: 'Ollama' }).id, name: 'm', state: 'ready' as const, isRemote: false },
    ...{ powerW: null, tokensPerJ: null },
  }
  expect(isAiAtWork(nowWith())).toBe(false)
  expect(isAiAtWork(nowWith({ models: [{ ...model, tokensPerS: 31 }] }))).toBe(true)
  expect(isAiAtWork(nowWith({ models: [{ ...model, tokensPerS: 0 }] }))).toBe(false)
  expect(isAiAtWork(nowWith({ apps: [appWith({ name: 'ComfyUI', cpuCores: 0.5 })] }))).toBe(true)
  expect(isAiAtWork(nowWith({ apps: [appWith({ name: 'ComfyUI', cpuCores: 0.01 })] }))).toBe(false)
  expect(isAiAtWork(nowWith({ apps: [appWith({ name: 'Perwatt', isSelf: true })] }))).toBe(false)
})

test('a little is at least one step, too much is full, nothing is none', () => {
  expect([0, 0.1, 30, 59, 60, 600].map((powerW) => stepOf(powerW, 60, 24))).toEqual([0, 1, 12, 24, 24, 24])
  expect(stepOf(5, 0, 24)).toBe(0)
})

test('watts fit into three characters', () => {
  expect([0, 0.4, 9.6, 42, 999.4, 1_240, 12_000, 250_000].map(wattsInThree)).toEqual([
    '0',
    '0',
    '10',
    '42',
    '999',
    '1k',
    '12k',
    '99k',
  ])
})

test('a bar is the peak of its ten seconds, and stretches without news are empty', () => {
  const bars = new Bars()
  for (const [powerW, atS] of [
    [12, 0],
    [60, 4],
    [30, 9],
    [24, 10],
    [12, 41],
  ] as const)
    bars.add(powerW, atS * 1_000)
  expect(bars.steps(60)).toEqual([12, 5, 0, 0, 2])
  for (let atS = 50; atS < 200; atS += 10) bars.add(6, atS * 1_000)
  expect(bars.steps(60)).toEqual([1, 1, 1, 1, 1, 1, 1])
})

test('a clock that was set back does not stop the bars', () => {
  const bars = new Bars()
  bars.add(60, 100_000)
  bars.add(30, 20_000)
  expect(bars.steps(60)).toEqual([12, 6])
})
