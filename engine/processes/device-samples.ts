import type { AppId } from '../../contract/ids.ts'
import type { DeviceAppSample, DeviceSample } from '../attribution/device-activity.ts'
import type { DeviceUse, ProcessUse } from './gpu-time.ts'

/**
 * Folds what processes did on devices into apps. Two interfaces that tell of one process on one device are not added up: the larger time and
 * memory count. Time that the device worked and no process explains goes to the processes whose time nobody tells, by memory; without
 * any, it is other's.
 */
export function deviceSamples(uses: readonly DeviceUse[], appOf: (pid: number) => AppId | null): DeviceSample[] {
  return Array.from(
    Map.groupBy(uses, ({ device }) => device),
    ([device, own]) => sampleOf(device, own, appOf),
  )
}

/** What each process holds of all devices together. Two interfaces that tell of one process on one device are not added up. */
export function heldByPid(uses: readonly DeviceUse[]): ReadonlyMap<number, number> {
  const held = new Map<number, number>()
  for (const own of Map.groupBy(uses, ({ device }) => device).values())
    for (const { pid, memoryBytes } of mergedByPid(own))
      if (memoryBytes !== null) held.set(pid, (held.get(pid) ?? 0) + memoryBytes)
  return held
}

function sampleOf(device: string, uses: readonly DeviceUse[], appOf: (pid: number) => AppId | null): DeviceSample {
  const fromMs = Math.min(...uses.map((use) => use.fromMs))
  const toMs = Math.max(...uses.map((use) => use.toMs))
  const processes = mergedByPid(uses)
  const told = processes.filter(({ busyMs }) => busyMs !== null)
  const untold = processes.filter(({ busyMs }) => busyMs === null)
  const toldMs = told.reduce((sum, { busyMs }) => sum + (busyMs ?? 0), 0)
  const deviceMs = uses.reduce<number | null>((most, { busyMs }) => largest(most, busyMs), null)
  // Nobody tells how long the device worked: it may have all the time, which by memory is all that can be said.
  const busyMs = Math.min(toMs - fromMs, Math.max(toldMs, deviceMs ?? (untold.length > 0 ? toMs - fromMs : 0)))
  const restMs = Math.max(0, busyMs - toldMs)
  const untoldBytes = untold.reduce((sum, { memoryBytes }) => sum + (memoryBytes ?? 0), 0)
  // Where nobody tells memory either, those that hold the device share alike.
  const weightOf = ({ memoryBytes }: ProcessUse) =>
    untoldBytes > 0 ? (memoryBytes ?? 0) / untoldBytes : 1 / untold.length
  const apps = new Map<AppId, DeviceAppSample>()
  let otherMs = untold.length === 0 ? restMs : 0
  for (const process of processes) {
    const ownMs = process.busyMs ?? restMs * weightOf(process)
    const app = appOf(process.pid)
    if (app === null) {
      otherMs += ownMs
      continue
    }
    const known = apps.get(app)
    const residentBytes = process.isResident ? (process.memoryBytes ?? 1) : 0
    apps.set(app, {
      app,
      busyMs: (known?.busyMs ?? 0) + ownMs,
      residentBytes: (known?.residentBytes ?? 0) + residentBytes,
    })
  }
  return { device, fromMs, toMs, busyMs, otherMs, by: untold.length > 0 ? 'memory' : 'time', apps: [...apps.values()] }
}

function mergedByPid(uses: readonly DeviceUse[]): ProcessUse[] {
  const merged = new Map<number, ProcessUse>()
  for (const { processes } of uses) {
    for (const process of processes) {
      const known = merged.get(process.pid)
      merged.set(process.pid, known === undefined ? process : mergeOf(known, process))
    }
  }
  return [...merged.values()]
}

function mergeOf(a: ProcessUse, b: ProcessUse): ProcessUse {
  return {
    pid: a.pid,
    busyMs: largest(a.busyMs, b.busyMs),
    memoryBytes: largest(a.memoryBytes, b.memoryBytes),
    isResident: a.isResident || b.isResident,
  }
}

function largest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}
