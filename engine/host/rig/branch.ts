import type { FileFault } from '../host.ts'

/** What a file says now, or why it does not. */
export type FileText = string | { readonly fault: FileFault }

export const FAULTS = {
  absent: { fault: 'absent' },
  denied: { fault: 'denied' },
  gone: { fault: 'gone' },
  broken: { fault: 'broken' },
  exhausted: { fault: 'exhausted' },
} as const satisfies Record<FileFault, FileText>

/** A part of the machine's file tree. `null`: this path is not in my part. Files are rendered when they are read, never before. */
export interface Branch {
  file(path: string): (() => FileText) | null
  names(path: string): readonly string[] | { readonly fault: FileFault } | null
  link(path: string): FileText | null
  ownerUid(path: string): number | { readonly fault: FileFault } | null
}
