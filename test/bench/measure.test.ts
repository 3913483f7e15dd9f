import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { type CpuMark, cpuMark, cpuMarkFrom, cpuMsBetween, cpuMsOfAll, memoryOf, treeOf } from '../../bench/measure.ts'

/** `/proc/PID/stat` with these ticks of itself and of its reaped children, each user and system. */
function statOf([user, system]: [number, number], [childUser, childSystem]: [number, number]): string {
  return `42 (a) b ) S 1 42 42 0 -1 4194304 100 0 0 0 ${user} ${system} ${childUser} ${childSystem} 20 0 3 0 99 1 1`
}

const mark = (own: [number, number], children: [number, number], threads: Record<string, number>): CpuMark =>
  cpuMarkFrom(
    statOf(own, children),
    Object.entries(threads).map(([thread, ns]) => [thread, `${ns} 12 3\n`]),
  )

test('the time of threads counts to the nanosecond, that of reaped children in ticks of 10 ms', () => {
  const before = mark([10, 5], [0, 0], { 42: 150_000_000, 43: 2_000_000 })
  const after = mark([10, 5], [2, 1], { 42: 150_400_000, 43: 2_000_500 })
  expect(cpuMsBetween(before, after)).toBeCloseTo(0.4005 + 30, 9)
})

test('a thread that began in between counts whole', () => {
  const before = mark([0, 0], [0, 0], { 42: 1_000_000 })
  expect(cpuMsBetween(before, mark([0, 0], [0, 0], { 42: 1_000_000, 44: 700_000 }))).toBeCloseTo(0.7, 9)
})

test('what a thread used that ended in between is taken from the whole process, less its step', () => {
  const before = mark([1, 0], [0, 0], { 42: 10_000_000, 43: 0 })
  const after = mark([50, 1], [0, 0], { 42: 11_000_000 })
  expect(cpuMsBetween(before, after)).toBe(490)
})

test('a step of the whole that the threads do not confirm is no cost', () => {
  const before = mark([1, 0], [0, 0], { 42: 19_900_000 })
  expect(cpuMsBetween(before, mark([2, 0], [0, 0], { 42: 20_000_000 }))).toBeCloseTo(0.1, 9)
})

test('of several processes those that began in between count whole, and those that ended are left to their parent', () => {
  const before = new Map([
    [1, mark([0, 0], [0, 0], { 1: 5_000_000 })],
    [2, mark([0, 0], [0, 0], { 2: 9_000_000 })],
  ])
  const after = new Map([
    [1, mark([0, 0], [1, 0], { 1: 6_000_000 })],
    [3, mark([0, 0], [0, 0], { 3: 250_000 })],
  ])
  expect(cpuMsOfAll(before, after)).toBeCloseTo(11.25, 9)
})

test('a child that burnt CPU and was reaped is in our own figure', () => {
  const before = cpuMark(process.pid)
  const burn = 'for (const end = process.cpuUsage().user + 200e3; process.cpuUsage().user < end; );'
  execFileSync(process.execPath, ['-e', burn])
  expect(cpuMsBetween(before, cpuMark(process.pid))).toBeGreaterThan(190)
})

test('a process is the root of its tree, and holds memory; one that has ended holds none', () => {
  expect(treeOf(process.pid)[0]).toBe(process.pid)
  const { pssMb, ownMb } = memoryOf([process.pid])
  expect(pssMb).toBeGreaterThan(ownMb)
  expect(ownMb).toBeGreaterThan(1)
  expect(memoryOf([2 ** 22 + 1])).toEqual({ pssMb: 0, ownMb: 0 })
})
