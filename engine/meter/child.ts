import { parseArgs } from 'node:util'
import { keepHeapSmall } from '../host/real/small-heap.ts'
import { readKeyFile } from './key-file.ts'
import { startMeter } from './meter.ts'

/**
 * The meter as a process of its own, as the engine starts it. Says on stdout in one line of JSON that it listens, or why it will not. It does not
 * end with the engine: clients go on talking to their server through it, and the next engine is told what was counted meanwhile.
 */

keepHeapSmall()
const { values } = parseArgs({
  options: {
    target: { type: 'string', default: '' },
    listen: { type: 'string', default: '' },
    'data-dir': { type: 'string', default: '' },
    'key-file': { type: 'string' },
    'allow-remote': { type: 'boolean', default: false },
    headers: { type: 'boolean', default: false },
    'path.procfs': { type: 'string', default: '/proc' },
  },
})
const key = values['key-file'] === undefined ? null : readKeyFile(values['key-file'])
const started =
  key?.ok === false
    ? key
    : await startMeter({
        ...{ target: values.target, listen: values.listen, dataDir: values['data-dir'] },
        ...{ allowsRemote: values['allow-remote'], key: key?.value ?? null, addsHeaders: values.headers },
        ...{ webUiSecret: null, procfs: values['path.procfs'] },
      })
// Whoever started it may be gone already.
process.stdout.on('error', () => {})
if (started.ok) {
  const { listen, target, stop } = started.value
  process.stdout.write(`${JSON.stringify({ listening: { listen, target, pid: process.pid } })}\n`)
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => void stop().then(() => process.exit(0)))
} else {
  process.stdout.write(
    `${JSON.stringify({ failed: { code: started.code, reason: started.reason, remedy: started.remedy } })}\n`,
  )
  process.exitCode = 1
}
