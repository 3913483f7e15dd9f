import type { z } from 'zod'

/** Answers each order that comes over the channel; ends with it. */
export function serveOrders<T>(shape: z.ZodType<T>, obey: (order: T) => unknown): void {
  process.on('message', async (message) => {
    process.send?.(await obey(shape.parse(message)))
  })
  process.on('disconnect', () => process.exit(0))
}
