import { z } from 'zod'

/**
 * What an engine and the app that started it say to each other over the child's own channel: what the engine alone cannot do, because only
 * Electron's main process can. Everything else goes over the socket. A key passes here and nowhere else: never in arguments or environment.
 */

/** Counts up for each question or process of one engine. */
const Id = z.int().nonnegative()

export const EngineSays = z.union([
  z.strictObject({ ready: z.literal(true), socket: z.string() }),
  z.strictObject({ failed: z.strictObject({ code: z.string(), reason: z.string(), remedy: z.unknown() }) }),
  /** Start a vendor process and connect it; answered by `vendorStarted` with a message port, or by `vendorEnded`. */
  z.strictObject({ startVendor: Id }),
  z.strictObject({ killVendor: Id }),
  /** Encrypt or decrypt the key of the secrets (64 hex digits; sealed: base64); answered by `keyring` with the same number. */
  z.strictObject({ keyring: z.enum(['seal', 'unseal']), id: Id, text: z.string().max(10_000) }),
])
export type EngineSays = z.infer<typeof EngineSays>

export const KeyringAnswer = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.string() }),
  z.strictObject({
    ok: z.literal(false),
    /** `absent`: this desktop has no keyring; `denied`: it did not do it. */
    code: z.enum(['absent', 'denied']),
    reason: z.string(),
    remedy: z.null(),
  }),
])
export type KeyringAnswer = z.infer<typeof KeyringAnswer>

export const AppSays = z.union([
  z.strictObject({ vendorStarted: Id, pid: z.int().positive() }),
  z.strictObject({ vendorEnded: Id, how: z.string() }),
  z.strictObject({ keyring: Id, answer: KeyringAnswer }),
])
export type AppSays = z.infer<typeof AppSays>
