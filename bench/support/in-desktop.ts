import { setUpApp } from '../../scripts/setup.mjs'
import { type Desktop, startDesktop } from '../../test/support/desktop.ts'

/** Runs in a desktop session of its own, with the app built. */
export async function inDesktop<T>(use: (desktop: Desktop) => Promise<T>): Promise<T> {
  await setUpApp({ tests: true })
  const desktop = await startDesktop()
  try {
    return await use(desktop)
  } finally {
    await desktop.stop()
  }
}
