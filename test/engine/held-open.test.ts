import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { treeOf } from '../../bench/measure.ts'
import { attach } from '../../engine/socket/client.ts'

const CHILD = join(import.meta.dirname, '../../engine/child.ts')
const PCI = '/sys/bus/pci/devices'

/** A handle on one of these keeps a card awake, or lets it be used. */
const DEVICES = /^\/dev\/(dri\/|nvidia|accel\/|kfd)/
const NVIDIA = '0x10de'

const onLinux = test.runIf(process.platform === 'linux')

onLinux(
  'an engine that measures and is asked holds no card open, and neither do its children',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'perwatt-held-'))
    const child = fork(CHILD, ['--data-dir', directory], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    onTestFinished(async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
      rmSync(directory, { recursive: true })
    })
    await once(child, 'message', { signal: AbortSignal.timeout(15_000) })
    const attached = await attach(directory)
    if (!attached.ok) throw new Error(attached.reason)
    const { client, close } = attached.value
    onTestFinished(close)
    const isMeasuring = new Promise((resolve) => void client.on('tick', resolve))
    await isMeasuring
    expect((await client.call('sources', {})).ok).toBe(true)

    const pid = child.pid ?? -1
    const isFixed = staysAwake()
    // NVIDIA's library has its cards open while it is loaded: it is, in the vendor process, while there is a card that never sleeps.
    const mayHold = (file: string, holder: number) => isFixed && holder !== pid && file.startsWith('/dev/nvidia')
    expect(heldBy(pid).length).toBeGreaterThan(10)
    await vi.waitFor(
      () => {
        const held = treeOf(pid).flatMap((holder) => heldBy(holder).filter((file) => !mayHold(file, holder)))
        expect(held.filter((file) => DEVICES.test(file))).toEqual([])
      },
      // Cards that may sleep are let go 15 s after anything last ran on them.
      { timeout: 40_000, interval: 500 },
    )
  },
  60_000,
)

/** Files that are open, and files that are mapped: a mapping outlives its descriptor. */
function heldBy(pid: number): string[] {
  const open = orNothing(() => readdirSync(`/proc/${pid}/fd`)).map((fd) => linkOrEmpty(`/proc/${pid}/fd/${fd}`))
  const maps = orNothing(() => readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n'))
  return [...open, ...maps.flatMap((line) => /\s(\/.*)$/.exec(line)?.[1] ?? [])]
}

function staysAwake(): boolean {
  return orNothing(() => readdirSync(PCI)).some((device) => {
    const textOf = (name: string) => orNothing(() => [readFileSync(`${PCI}/${device}/${name}`, 'latin1').trim()])[0]
    return textOf('vendor') === NVIDIA && textOf('power/control') !== 'auto'
  })
}

function linkOrEmpty(file: string): string {
  return orNothing(() => [readlinkSync(file)])[0] ?? ''
}

/** A process may end, and a descriptor may be closed, between two looks. */
function orNothing<T>(look: () => T[]): T[] {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return []
    throw error
  }
}
