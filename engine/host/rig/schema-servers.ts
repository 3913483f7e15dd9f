import { z } from 'zod'
import { AppId } from '../../../contract/ids.ts'
import { Amount, Duration, Name, Window } from './schema-load.ts'

const Json = z.json().meta({ id: 'Json' })
const ModelName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\w.+:@/-]+$/, 'expected a name such as "qwen3:8b"')
const Tokens = z.int().nonnegative().max(1_000_000)
/** Always as many, or each request's own number between two, by its pattern's seed. */
const TokenRange = z.union([Tokens, z.tuple([Tokens, Tokens])], 'expected a number of tokens, or [fewest, most]')
/** Above 0, of tokens that a model reads or writes. */
const Speed = z.number().positive().max(1_000_000)

/** A model, and what it really takes on this machine. Watts and joules are drawn by `process`, beside what it does otherwise. */
export const Model = z.strictObject({
  /** As its server names it, and each name once in its app. */
  name: ModelName,
  family: z.string().min(1).max(60).optional(),
  parameters: z
    .string()
    .regex(/^\d+(\.\d+)?[KMBT]$/, 'expected a number such as "8.2B"')
    .optional(),
  quantisation: z.string().min(1).max(30).optional(),
  /** Whose work it is: the server's own process unless given. A process holds one model. */
  process: Name.optional(),
  /** Where it computes. */
  on: z.enum(['gpu', 'cpu']).default('gpu'),
  /** What it holds, of the card or of the machine's memory. */
  memoryBytes: z.int().nonnegative().default(0),
  /** When it is loaded: as long as its process lives unless given. */
  loaded: Window.optional(),
  contextTokens: z.int().positive().optional(),
  /** Joules for each token that it writes: always as many, or from so many streams at once on ([[1, 1.2], [4, 0.5]]). */
  outputJ: z
    .union(
      [Amount, z.array(z.tuple([z.int().positive(), Amount])).min(1)],
      'expected joules, or [streams, joules] in order',
    )
    .default(0),
  /** Joules for each token of a prompt that it reads; what comes from its cache takes none. */
  promptJ: Amount.default(0),
  /** The part of all that which the processor draws, where it computes on a card. */
  cpuRatio: z.number().min(0).max(1).default(0),
  /** Drawn while it is loaded and nobody asks its server: it busy-waits. */
  spinW: Amount.default(0),
  tokensPerS: Speed.default(50),
  promptTokensPerS: Speed.default(1_000),
  /** Computed elsewhere: it takes nothing here. */
  remote: z.boolean().default(false),
})
export type RigModel = z.infer<typeof Model>

/** Requests alike that come again and again: one class of them. */
export const Pattern = z.strictObject({
  name: Name.optional(),
  model: ModelName,
  at: Duration,
  /** Again each … until …; without, once. */
  every: Duration.optional(),
  until: Duration.optional(),
  /** So many at once each time. */
  concurrency: z.int().min(1).max(256).default(1),
  promptTokens: TokenRange.default(0),
  cachedTokens: Tokens.default(0),
  outputTokens: TokenRange.default(0),
  seed: z.int().nonnegative().default(1),
  /** Length of a prompt's text. */
  bytesPerToken: z.number().positive().max(40).default(4),
  /** Instead of the model's own speed. */
  tokensPerS: Speed.optional(),
  /** An OS account of `users`, or somebody known `by` a key or by name. */
  user: Name.optional(),
  by: z.enum(['account', 'key', 'name']).default('account'),
  /** The process that asks. */
  client: Name.optional(),
  endpoint: z
    .string()
    .max(200)
    .regex(/^\/\S*$/, 'expected a path such as "/v1/chat/completions"')
    .default('/v1/chat/completions'),
  /** Its answer comes in pieces, or in one. */
  stream: z.boolean().default(true),
  /** It goes through the metering proxy; as its server says unless given. */
  metered: z.boolean().optional(),
  /** `failed`: refused when its prompt was read; `aborted`: its client goes away after `afterTokens`, half of them unless given. */
  ends: z.enum(['done', 'failed', 'aborted']).default('done'),
  afterTokens: Tokens.optional(),
})
export type RigPattern = z.infer<typeof Pattern>

const Route = z.strictObject({
  status: z.int().min(100).max(599).default(200),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.union([z.string(), z.record(z.string(), Json), z.array(Json)]).default(''),
})

export const DIALECTS = ['ollama', 'llama-server', 'vllm', 'sglang', 'lmstudio'] as const

export const Server = z.strictObject({
  port: z.int().min(1).max(65_535),
  /** Where it listens. */
  address: z.enum(['127.0.0.1', '0.0.0.0']).default('127.0.0.1'),
  app: AppId.optional(),
  /** Which of the rig's processes holds its socket; while that does not live, nobody answers. */
  process: Name.optional(),
  /** It answers as such a server does. */
  dialect: z.enum(DIALECTS).optional(),
  version: z.string().min(1).max(60).optional(),
  /** Whether it shows its counters, where servers of its kind have any. */
  counts: z.boolean().default(true),
  from: Duration.default('0s'),
  until: Duration.optional(),
  /** Answers by method and path: "GET /api/ps". They come before the dialect's. */
  routes: z.record(z.string().regex(/^(GET|POST) \/\S*$/, 'expected a key such as "GET /api/ps"'), Route).default({}),
  /** A metering proxy stands before it. */
  metered: z.boolean().default(false),
  models: z.array(Model).max(64).default([]),
  requests: z.array(Pattern).max(256).default([]),
})
export type RigServer = z.infer<typeof Server>
