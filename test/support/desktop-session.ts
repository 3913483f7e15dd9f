/** Vitest's global set-up of the end-to-end project: one desktop for the whole run; workers inherit its environment. */
import { startDesktop } from './desktop.ts'

export async function setup(): Promise<() => Promise<void>> {
  const desktop = await startDesktop()
  const before = { ...process.env }
  Object.assign(process.env, desktop.env)
  return async () => {
    process.env = before
    await desktop.stop()
  }
}
