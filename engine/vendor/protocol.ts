import { z } from 'zod'
import { RemedyShape } from '../../contract/sources.ts'

/**
 * What engine and vendor process say to each other: JSON, a line each (channel.ts). The engine asks one question at a time, and each is
 * answered once. The process itself takes only types from this file, so that zod stays out of its memory.
 */
export type VendorQuestion = {
  readonly id: number
  readonly driver: string
  /** `close` unloads the library; it is answered with `null`. */
  readonly kind: 'read' | 'close'
  readonly request: unknown
}

export const VendorReply = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('answer'), id: z.int(), value: z.unknown() }),
  z.strictObject({
    kind: z.literal('problem'),
    id: z.int(),
    code: z.enum(['absent', 'denied', 'broken']),
    reason: z.string().min(1),
    remedy: RemedyShape.nullable(),
  }),
])
export type VendorReply = z.infer<typeof VendorReply>

/** What the vendor process said; `null` where no vendor process says that. The three fields of an answer, which comes every second, need no schema. */
export function vendorReply(said: unknown): VendorReply | null {
  if (isAnswer(said)) return said
  const reply = VendorReply.safeParse(said)
  return reply.success ? reply.data : null
}

function isAnswer(said: unknown): said is Extract<VendorReply, { kind: 'answer' }> {
  if (typeof said !== 'object' || said === null || !('kind' in said && 'id' in said && 'value' in said)) return false
  return said.kind === 'answer' && Number.isSafeInteger(said.id) && Object.keys(said).length === 3
}
