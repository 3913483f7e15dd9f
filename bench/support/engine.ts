import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { attach } from '../../engine/socket/client.ts'
import { ensureBuilt, TARGETS } from '../../scripts/lib/build.mjs'
import { node24, outDir } from '../../scripts/lib/paths.mjs'
import { endOf } from './crowd.ts'

/**
 * The built engine in a process of its own: a tick a second, ledger and sources. As `perwatt service` and not as a child of an app, because
 * what the app around it starts counts as Perwatt too, and whoever measures starts a lot.
 */
export type RunningEngine = {
  readonly pid: number
  /** Ids of the apps that it shows now. */
  appsShown(): Promise<readonly string[]>
  end(): Promise<void>
}

export async function startBuiltEngine(dataDir: string): Promise<RunningEngine> {
  await ensureBuilt([TARGETS.engine])
  const service = [join(outDir, 'cli', 'index.mjs'), 'service', '--data-dir', dataDir]
  const child = spawn(node24, service, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  const patience = AbortSignal.timeout(20_000)
  while (!said.includes('Measuring.')) {
    if (child.exitCode !== null) throw new Error(`the engine did not start: ${said.trim()}`)
    await Promise.race([once(child.stderr, 'data', { signal: patience }), once(child, 'exit', { signal: patience })])
  }
  return {
    pid: child.pid ?? -1,
    async appsShown() {
      const attached = await attach(dataDir)
      if (!attached.ok) throw new Error(attached.reason)
      const now = await attached.value.client.call('now', {})
      attached.value.close()
      if (!now.ok) throw new Error(now.reason)
      return now.value.apps.map(({ id }) => id)
    },
    end: () => endOf(child),
  }
}
