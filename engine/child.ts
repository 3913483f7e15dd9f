import { parseArgs } from 'node:util'
import packageJson from '../package.json' with { type: 'json' }
import { openAppChannel } from './app-channel.ts'
import { userHome } from './host/real/agent-files.ts'
import { keepHeapSmall } from './host/real/small-heap.ts'
import { realHost } from './host/real.ts'
import { serveEngine } from './serve.ts'
import { keyInKeyring } from './store/keyring-key.ts'

/**
 * The engine as the tray app's child, in a utility process or under a Node of its own. Says over its channel that the socket
 * listens, or why it will not; ends when the channel does, so that it never outlives the app.
 */

keepHeapSmall()
const channel = openAppChannel()
const isSource = import.meta.url.endsWith('.ts')
const fileOf = (source: string, bundled: string) => new URL(isSource ? source : bundled, import.meta.url)
const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string' },
    config: { type: 'string' },
    'path.procfs': { type: 'string' },
    'path.sysfs': { type: 'string' },
    'path.rootfs': { type: 'string' },
  },
})

async function run(): Promise<void> {
  const dataDir = values['data-dir']
  if (dataDir === undefined) throw new Error('--data-dir was expected')
  const host = realHost({
    procfs: values['path.procfs'],
    sysfs: values['path.sysfs'],
    rootfs: values['path.rootfs'],
    vendorFile: fileOf('vendor/child.ts', 'vendor.mjs'),
    vendorLauncher: channel.launcher,
  })
  const serving = await serveEngine(host, {
    version: packageJson.version,
    dataDir,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    settingsFile: values.config,
    ownPids: [process.ppid],
    secretKey: keyInKeyring(dataDir, channel.keyring),
    threadFile: fileOf('ledger/query-thread.ts', 'query-thread.mjs'),
    userHome: userHome(),
    meterFile: fileOf('meter/child.ts', 'meter.mjs'),
    onBug: (where, error) => console.error(`perwatt engine: ${where}:`, error),
  })
  if (!serving.ok) {
    channel.post({ failed: { code: serving.code, reason: serving.reason, remedy: serving.remedy } })
    process.exitCode = 5
    return
  }
  const stop = async (reason: string) => {
    await serving.value.stop(reason)
    process.exit(0)
  }
  void channel.ended.then(() => stop('The app has ended.'))
  process.once('SIGTERM', () => void stop('The engine was asked to end.'))
  process.once('SIGINT', () => void stop('The engine was interrupted.'))
  void serving.value.stopAsked.then(() => stop('The engine was asked to end.'))
  channel.post({ ready: true, socket: serving.value.socketPath })
}

await run()
