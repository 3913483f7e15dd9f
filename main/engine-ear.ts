import { type AppSays, EngineSays } from '../contract/engine-child.ts'
import type { Keyring } from './keyring.ts'

/** What a starting engine says of itself: its socket listens, or why it will not. */
export type Announcement = Extract<EngineSays, { ready: true } | { failed: unknown }>

export type EarParts = {
  onAnnouncement(announcement: Announcement): void
  readonly keyring: Keyring
  /** `null` for an engine that starts its vendor process itself. */
  readonly vendors: { start(id: number): void; kill(id: number): void } | null
  tell(message: AppSays): void
}

/** Does what our engine asks for over its channel. What is no message of an engine is not answered. */
export function engineEar({ onAnnouncement, keyring, vendors, tell }: EarParts): (message: unknown) => void {
  return (message) => {
    const parsed = EngineSays.safeParse(message)
    if (!parsed.success) return
    const said = parsed.data
    if ('ready' in said || 'failed' in said) onAnnouncement(said)
    else if ('startVendor' in said) vendors?.start(said.startVendor)
    else if ('killVendor' in said) vendors?.kill(said.killVendor)
    else tell({ keyring: said.id, answer: keyring[said.keyring](said.text) })
  }
}
