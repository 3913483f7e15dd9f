import { z } from 'zod'

/** What the meter's case, the server that streams and the clients say to each other. */

export const ServerOrder = z.object({
  /** Pieces of an answer, and ms between two of them; 0: as fast as the socket takes them. */
  chunks: z.int().positive(),
  apartMs: z.int().nonnegative(),
})
export const ServerAnswer = z.object({ port: z.int() })

export const ClientOrder = z.object({ port: z.int(), streams: z.int().positive(), forMs: z.int().positive() })
export const ClientAnswer = z.object({
  requestsPerS: z.number(),
  /** Reads with a piece in them, those of first requests included. */
  chunks: z.int(),
  firstByteMs: z.object({ p50: z.number(), p99: z.number() }),
  /** From the server's write to the client's read; only of paced streams. */
  delayMs: z.object({ p50: z.number(), p99: z.number() }).nullable(),
})
export type ClientAnswer = z.infer<typeof ClientAnswer>

export const PeerOrder = z.object({ target: z.int() })
export const PeerAnswer = z.object({ port: z.int() })

/** Where a piece says when it was written, ms of the machine's clock. */
export const STAMP = '"at":'

export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
