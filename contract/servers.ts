import { z } from 'zod'
import { event, method } from './define.ts'
import { AppId, ModelId } from './ids.ts'
import { RemedyShape } from './sources.ts'
import { UnixS } from './units.ts'

/** `http://127.0.0.1:11434`: an origin, as discovery or the user gave it. */
export const Origin = z
  .string()
  .regex(/^https?:\/\/[^/\s]+$/)
  .max(200)

export const ServerModel = z.object({
  id: ModelId,
  name: z.string(),
  family: z.string().nullable(),
  parameters: z.number().positive().nullable(),
  quantisation: z.string().nullable(),
  memoryBytes: z.number().nonnegative().nullable(),
  deviceBytes: z.number().nonnegative().nullable(),
  device: z.enum(['cpu', 'gpu', 'npu', 'mixed']).nullable(),
  contextTokens: z.int().positive().nullable(),
  expiresS: UnixS.nullable(),
  state: z.enum(['loading', 'ready', 'sleeping', 'unloading']),
  isRemote: z.boolean(),
  inFlight: z.int().nonnegative().nullable(),
  tokensPerS: z.number().nonnegative().nullable(),
})
export type ServerModel = z.infer<typeof ServerModel>

/** One server on a port, as its connector sees it. */
export const ServerStatus = z.object({
  /** Its origin. */
  id: z.string(),
  origin: Origin,
  app: AppId.nullable(),
  name: z.string(),
  /** Connector that understood it; `null` while none has. */
  connector: z.string().nullable(),
  title: z.string().nullable(),
  version: z.string().nullable(),
  state: z.enum(['asking', 'connected', 'starting', 'denied', 'gone', 'unknown', 'broken']),
  reason: z.string().nullable(),
  remedy: RemedyShape.nullable(),
  remedyText: z.string().nullable(),
  /** Typed by the user rather than found. */
  isAdded: z.boolean(),
  /** `elsewhere`: its processes are not seen (another machine, Docker Desktop, WSL): energy unknown here. */
  energy: z.enum(['measured', 'elsewhere']),
  counts: z.enum(['server', 'proxyOnly', 'off']),
  models: z.array(ServerModel),
  inFlight: z.int().nonnegative().nullable(),
  waiting: z.int().nonnegative().nullable(),
  canUnload: z.boolean(),
  lastAnswerS: UnixS.nullable(),
  /** The metering proxy in front of it. */
  meter: z
    .object({
      listen: z.string(),
      state: z.enum(['off', 'starting', 'listening', 'failed']),
      reason: z.string().nullable(),
      /** What to set in the client, in one line. */
      clientSetting: z.string().nullable(),
      /** Requests that came through since it was switched on: the check that traffic arrives. */
      requests: z.int().nonnegative(),
      lastRequestS: UnixS.nullable(),
    })
    .nullable(),
  /** Another server here stands in front of it, and is not counted (`null`: none). */
  behind: z.string().nullable(),
})
export type ServerStatus = z.infer<typeof ServerStatus>

/** A server that the user named: another machine, or one that discovery cannot see. Its key is kept as a wall meter's is. */
export const AddedServer = z.object({
  origin: Origin,
  name: z.string().trim().min(1).max(80),
  certificateSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
})
export type AddedServer = z.infer<typeof AddedServer>

/** A metering proxy that was switched on. */
export const MeterSetting = z.object({
  target: Origin,
  listen: z.string().regex(/^(?:\[?[0-9a-fA-F:.]+\]?:)?\d{1,5}$/),
})
export type MeterSetting = z.infer<typeof MeterSetting>

export const serversContract = {
  servers: method({ input: z.object({}), output: z.object({ servers: z.array(ServerStatus) }) }),
  /** Looks for servers again, now. */
  findServers: method({ input: z.object({}), output: z.object({ servers: z.array(ServerStatus) }), writes: true }),
  addServer: method({
    input: AddedServer.extend({ key: z.string().min(1).max(4_000).exactOptional() }),
    output: ServerStatus,
    problems: ['notWritable', 'badAddress', 'noSecrets'],
    writes: true,
  }),
  removeServer: method({
    input: z.object({ origin: Origin }),
    output: z.object({}),
    problems: ['notWritable', 'unknownServer'],
    writes: true,
  }),
  /** A key for a server that was found; `null` forgets it. */
  setServerKey: method({
    input: z.object({ origin: Origin, key: z.string().min(1).max(4_000).nullable() }),
    output: z.object({}),
    problems: ['notWritable', 'unknownServer', 'noSecrets'],
    writes: true,
  }),
  unloadModel: method({
    input: z.object({ server: z.string(), model: ModelId }),
    output: z.object({}),
    problems: ['unknownServer', 'unknownModel', 'cannotUnload', 'absent', 'denied', 'starting', 'foreign', 'broken'],
    writes: true,
  }),
  /** Switches the metering proxy in front of a server on or off. */
  setMetering: method({
    input: z.object({ server: z.string(), on: z.boolean(), listen: z.string().max(60).exactOptional() }),
    output: ServerStatus,
    problems: ['notWritable', 'unknownServer', 'portInUse', 'cannotStart'],
    writes: true,
  }),
  serversChanged: event(z.object({})),
} as const
