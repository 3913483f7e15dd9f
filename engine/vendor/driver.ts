import type { Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'

/** A driver library as the vendor process uses it: loaded once, asked again and again. Runs in that process alone. */
export interface VendorLibrary {
  /**
   * Everything that it tells now, as a plain record that survives JSON (64-bit numbers as decimal strings). All judgement is left to the
   * source that asked. @throws never for what a driver may answer: its error codes are part of the record.
   */
  read(request: unknown): unknown
  close(): void
}

/** One driver. One file, one line in registry.ts. */
export type VendorDriver = {
  readonly name: string
  readonly platforms: readonly Host['platform'][]
  open(host: Pick<Host, 'library'>): Result<VendorLibrary, VendorFault>
}
