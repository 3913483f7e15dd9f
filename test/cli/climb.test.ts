import { expect, test } from 'vitest'
import { climb } from '../../cli/climb.ts'

/** Stands in for threads that work: what they were told, in order. */
function told() {
  const orders: (number | 'stopped')[] = []
  const startLoad = () => ({
    set: (cores: number) => void orders.push(cores),
    async stop() {
      orders.push('stopped')
    },
  })
  return { orders, startLoad }
}

const NEVER = new Promise<never>(() => {})

test('the ladder goes from nothing to all cores, each step as long as the others, and leaves no load', async () => {
  const { orders, startLoad } = told()
  let waitedMs = 0
  const lefts: number[] = []
  const isComplete = await climb({
    ...{ cpus: 8, lengthMs: 180_000, startLoad, stopped: NEVER },
    wait: async (lengthMs) => {
      waitedMs += lengthMs
    },
    onStep: ({ leftMs }) => lefts.push(leftMs),
  })
  expect(isComplete).toBe(true)
  expect(orders).toEqual([0, 2, 4, 6, 8, 'stopped'])
  expect(waitedMs).toBe(180_000)
  expect(lefts).toEqual(lefts.toSorted((a, b) => b - a))
})

test('a machine of two CPUs has half a core busy on the first step', async () => {
  const { orders, startLoad } = told()
  await climb({ cpus: 2, lengthMs: 5, startLoad, stopped: NEVER, wait: async () => {}, onStep: () => {} })
  expect(orders).toEqual([0, 0.5, 1, 1.5, 2, 'stopped'])
})

test('an interruption ends the load at once, and so does a bug', async () => {
  const { orders, startLoad } = told()
  const stop = Promise.withResolvers<string>()
  let waits = 0
  const isComplete = await climb({
    ...{ cpus: 4, lengthMs: 100_000, startLoad, stopped: stop.promise },
    wait: () => {
      waits += 1
      if (waits === 25) stop.resolve('interrupted')
      return waits < 25 ? Promise.resolve() : NEVER
    },
    onStep: () => {},
  })
  expect(isComplete).toBe(false)
  expect(orders).toEqual([0, 1, 'stopped'])

  const second = told()
  const failing = climb({
    ...{ cpus: 4, lengthMs: 100_000, startLoad: second.startLoad, stopped: NEVER, wait: async () => {} },
    onStep: () => {
      throw new Error('a bug')
    },
  })
  await expect(failing).rejects.toThrow('a bug')
  expect(second.orders).toEqual([0, 'stopped'])
})
