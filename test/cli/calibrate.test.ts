import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CalibrateJson } from '../../cli/shapes.ts'
import type { Calibration } from '../../contract/calibration.ts'
import type { PerwattHandlers } from '../../contract/index.ts'
import { ok } from '../../contract/result.ts'
import { listenOnSocket } from '../../engine/socket/server.ts'
import { cli, startCli } from '../support/cli.ts'
import { fakeEngine } from '../support/fake-engine.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'perwatt-calibrate-'))
  chmodSync(dataDir, 0o700)
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

/** An engine on this data directory's socket that answers by constants. */
async function serve(handlers: Partial<PerwattHandlers>): Promise<() => Promise<void>> {
  const socket = await listenOnSocket(dataDir, {
    served: fakeEngine(handlers).served,
    hello: { version: 'test', pid: 1, startedS: 1_790_000_000, protocol: 1 },
    onBug: (where, error) => {
      throw new Error(`${where}: ${String(error)}`)
    },
  })
  if (!socket.ok) throw new Error(socket.reason)
  return () => socket.value.close('The test is over.')
}

const ON_MAINS: Calibration = {
  fits: [],
  reference: null,
  reason: 'Nothing measures better than the estimate now. On mains power.',
  remedy: { kind: 'setting', path: 'Wall meters', note: 'or unplug the charger' },
}

test('without a better meter it is refused, says what would be one, and makes no load', async () => {
  const stop = await serve({
    calibration: () => ok(ON_MAINS),
    beginCalibration: () => {
      throw new Error('nobody should have begun')
    },
  })
  const { code, stdout, stderr } = await cli(['calibrate', '--data-dir', dataDir])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('On mains power.')
  expect(stderr).toContain('Settings › Wall meters  (or unplug the charger)')
  await stop()
})

test('Ctrl-C ends it, and what was begun is abandoned', async () => {
  const asked: string[] = []
  const begun = Promise.withResolvers<void>()
  const reference = { domain: 'battery/main' as never, name: 'Battery', isTelling: true }
  const stop = await serve({
    calibration: () => ok({ ...ON_MAINS, reference, reason: null, remedy: null }),
    beginCalibration: ({ forS }) => {
      asked.push(`begin ${forS}`)
      begun.resolve()
      return ok({})
    },
    abandonCalibration: () => {
      asked.push('abandon')
      return ok({})
    },
  })
  const child = startCli(['calibrate', '--seconds', '120', '--data-dir', dataDir])
  await begun.promise
  child.kill('SIGINT')
  const code = await new Promise((resolve) => child.once('close', resolve))
  expect(code).toBe(130)
  expect(asked).toEqual(['begin 120', 'abandon'])
  await stop()
})

test('--forget says how much there was', async () => {
  const stop = await serve({})
  const { code, stdout } = await cli(['calibrate', '--forget', '--json', '--data-dir', dataDir])
  expect(code).toBe(0)
  expect(CalibrateJson.parse(JSON.parse(stdout))).toMatchObject({ fit: null, forgotten: 0 })
  await stop()
})

test.each([
  [['--seconds', '5'], /from 120 to 1800/],
  [['--seconds', 'soon'], /from 120 to 1800/],
  [['--forget', '--seconds', '180'], /--forget takes no --seconds/],
])('%j is wrong use', async (args, reason) => {
  const { code, stderr } = await cli(['calibrate', ...args, '--data-dir', dataDir])
  expect(code).toBe(2)
  expect(stderr).toMatch(reason)
})
