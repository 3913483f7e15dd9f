import { z } from 'zod'

/** Identities get mixed up and are never added: branded. Quantities carry their unit in the name instead. */
export const DomainId = z.string().min(1).max(120).brand<'DomainId'>()
export type DomainId = z.infer<typeof DomainId>
export const AppId = z.string().min(1).max(120).brand<'AppId'>()
export type AppId = z.infer<typeof AppId>
export const ModelId = z.string().min(1).max(240).brand<'ModelId'>()
export type ModelId = z.infer<typeof ModelId>
/** An OS account (`os/1000`), an API identity (`api/…`) or a headcount. */
export const UserId = z.string().min(1).max(120).brand<'UserId'>()
export type UserId = z.infer<typeof UserId>
export const SourceId = z.string().min(1).max(40).brand<'SourceId'>()
export type SourceId = z.infer<typeof SourceId>

/** `package` of a processor is kind `cpu`. `board`, `battery` and `wall` hold the whole machine: a scope of their own. */
export const DomainKind = z.enum(['cpu', 'core', 'dram', 'gpu', 'npu', 'board', 'battery', 'wall'])
export type DomainKind = z.infer<typeof DomainKind>
