import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemClock } from '../../../engine/clock/system.ts'

test('monotonic time passes, and wall time is that of the machine', async () => {
  const clock = systemClock()
  const [startMs, wallMs] = [clock.monotonicMs(), clock.wallMs()]
  await new Promise<void>((resolve) => void clock.after(20, resolve))
  expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(19)
  expect(clock.wallMs()).toBeGreaterThanOrEqual(wallMs)
  expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(1_000)
})

test.runIf(process.platform === 'linux')('boot time is that of /proc/uptime, read anew each time', () => {
  const clock = systemClock()
  const before = Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1_000
  const boottimeMs = clock.boottimeMs()
  const after = Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1_000
  expect(boottimeMs).toBeGreaterThanOrEqual(before)
  expect(boottimeMs).toBeLessThanOrEqual(after)
})

test('a timer that is cancelled does not come', async () => {
  const clock = systemClock()
  const cancel = clock.after(5, () => expect.unreachable('cancelled'))
  cancel()
  await new Promise<void>((resolve) => void clock.after(20, resolve))
})
