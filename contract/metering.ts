import { z } from 'zod'
import { method } from './define.ts'
import { TOKENS_PROVENANCES } from './models.ts'
import { Origin } from './servers.ts'

const Tokens = z.int().nonnegative()
const RequestId = z.string().regex(/^[0-9a-f]{16}$/)
/** A keyed hash, 12 hexadecimal digits: never a key or a name itself. */
const Hash = z.string().regex(/^[0-9a-f]{12}$/)

/** Who asked, as far as the request itself tells. What identifies a person is hashed with the installation's own secret before it leaves the meter. */
export const Asker = z.object({
  /** The API key that it came with. */
  keyHash: Hash.nullable(),
  /** A person that the client named: `safety_identifier`, `user`, Open WebUI's headers. */
  personHash: Hash.nullable(),
  /** OS account of a client on this machine. */
  uid: z.int().nonnegative().nullable(),
  /** The client's process, where it runs here. */
  pid: z.int().positive().nullable(),
  exe: z.string().max(80).nullable(),
})
export type Asker = z.infer<typeof Asker>

/** A request's head has gone through. Times are Unix ms. */
export const MeteredBegin = z.object({
  type: z.literal('begin'),
  id: RequestId,
  atMs: z.int(),
  endpoint: z.string().max(200),
  asker: Asker,
})

/** What has become known of a request since the last report; counts are since its begin, so that a lost report loses nothing. */
export const MeteredProgress = z.object({
  type: z.literal('progress'),
  id: RequestId,
  model: z.string().max(240).nullable(),
  /** Bytes of text and number of images in the prompt so far. */
  promptBytes: z.int().nonnegative(),
  promptMedia: z.int().nonnegative(),
  /** Pieces of the answer so far, and whether the first has come. */
  deltas: z.int().nonnegative(),
})

export const MeteredEnd = z.object({
  type: z.literal('end'),
  id: RequestId,
  atMs: z.int(),
  /** As the server named it, else as the client did. */
  model: z.string().max(240).nullable(),
  /** The answer says that it was computed elsewhere. */
  isRemote: z.boolean(),
  promptTokens: Tokens.nullable(),
  cachedTokens: Tokens.nullable(),
  completionTokens: Tokens.nullable(),
  tokensProvenance: z.enum(TOKENS_PROVENANCES),
  images: z.int().nonnegative().nullable(),
  audioMs: z.number().nonnegative().nullable(),
  promptBytes: z.int().nonnegative(),
  promptMedia: z.int().nonnegative(),
  deltas: z.int().nonnegative(),
  /** To the first piece of the answer; pings are none. */
  ttftMs: z.number().nonnegative().nullable(),
  durationMs: z.number().nonnegative(),
  /** Of it, the loading of the model, where the server tells. */
  loadMs: z.number().nonnegative().nullable(),
  status: z.enum(['done', 'failed', 'aborted']),
  httpStatus: z.int().nullable(),
})

export const MeterEvent = z.discriminatedUnion('type', [MeteredBegin, MeteredProgress, MeteredEnd])
export type MeterEvent = z.infer<typeof MeterEvent>

export const meteringContract = {
  /**
   * What a metering proxy saw since its last report; it may have relayed for a while without an engine. The answer holds the energy so
   * far of requests in flight, for those clients that asked to be told.
   */
  meterReport: method({
    input: z.object({
      meter: z.object({ target: Origin, listen: z.string().max(60), pid: z.int().positive() }),
      events: z.array(MeterEvent).max(5_000),
      /** Connections that carried something else than countable requests (websockets). */
      unmetered: z.int().nonnegative(),
      /** Requests that could not be counted because the meter's own counting failed; their bytes were relayed. */
      uncounted: z.int().nonnegative(),
    }),
    output: z.object({ energies: z.array(z.object({ id: RequestId, energyMj: z.int().nonnegative() })) }),
    writes: true,
  }),
} as const
