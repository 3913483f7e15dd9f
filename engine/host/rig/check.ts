import { checkCardCapacity, checkDevices } from './check-devices.ts'
import { checkLoad, checkWindow, isTooOften, largest, TOO_OFTEN } from './check-load.ts'
import { checkPlatform } from './check-platform.ts'
import { checkRequestNumbers, checkRequests, checkServers } from './check-servers.ts'
import { durationMs } from './duration.ts'
import type { JsonPath } from './json-lines.ts'
import { happeningsOf, livesOf, timesOf } from './lives.ts'
import type { Rig, RigProcess } from './schema.ts'
import type { Load } from './schema-load.ts'
import { withServedLoads } from './served-load.ts'

const LONGEST_MS = 400 * 86_400_000
const MOST_LIVES = 5_000
const MOST_EVENTS = 5_000

/** What is wrong with a rig that has the right shape: where, and what was expected. */
export type Mistake = { readonly path: JsonPath; readonly expected: string }

/** Everything that the schema cannot say. Empty where the rig can be played. Later checks rely on what earlier ones have seen. */
export function checkRig(rig: Rig): Mistake[] {
  const stages = [
    () => checkTimes(rig),
    () => [
      ...checkCpus(rig),
      ...checkProcesses(rig),
      ...checkZones(rig),
      ...checkEvents(rig),
      ...checkDevices(rig),
      ...checkPlatform(rig),
      ...checkServers(rig),
      ...loadsOf(rig).flatMap(([path, load]) => checkLoad(rig, load, path)),
    ],
    () => [...checkNumbers(rig), ...checkRequestNumbers(rig)],
    () => [...checkPids(rig), ...checkSleeps(rig), ...checkRequests(rig)],
    () => [...checkCapacity(withServedLoads(rig)), ...checkCardCapacity(withServedLoads(rig))],
  ]
  for (const stage of stages) {
    const mistakes = stage()
    if (mistakes.length > 0) return mistakes
  }
  return []
}

function loadsOf(rig: Rig): [JsonPath, Load][] {
  return [
    [['background'], rig.background],
    [['cpu', 'steal'], rig.cpu.steal],
    ...rig.processes.map((process, index): [JsonPath, Load] => [['processes', index, 'load'], process.load]),
    ...rig.processes.map((process, index): [JsonPath, Load] => [['processes', index, 'gpu'], process.gpu ?? 0]),
    ...rig.domains.map((zone, index): [JsonPath, Load] => [['domains', index, 'otherW'], zone.otherW]),
    ...rig.domains.flatMap((zone, index) =>
      zone.children.map(({ otherW }, child): [JsonPath, Load] => [
        ['domains', index, 'children', child, 'otherW'],
        otherW,
      ]),
    ),
  ]
}

function checkTimes(rig: Rig): Mistake[] {
  const mistakes: Mistake[] = []
  const lengthMs = durationMs(rig.duration)
  if (lengthMs === 0) mistakes.push({ path: ['duration'], expected: 'expected more than 0 s' })
  if (lengthMs > LONGEST_MS) mistakes.push({ path: ['duration'], expected: 'expected at most "400d"' })
  if (rig.tick !== undefined && durationMs(rig.tick) < 100) {
    mistakes.push({ path: ['tick'], expected: 'expected at least "100ms"' })
  }
  if (durationMs(rig.uptime) < 60_000) mistakes.push({ path: ['uptime'], expected: 'expected at least "1m"' })
  return mistakes
}

function checkCpus({ cpu, processes }: Rig): Mistake[] {
  const efficiencyCpus = cpu.efficiency?.cpus ?? 0
  if (efficiencyCpus >= cpu.logicalCpus && cpu.efficiency !== undefined) {
    return [{ path: ['cpu', 'efficiency', 'cpus'], expected: `expected fewer than logicalCpus (${cpu.logicalCpus})` }]
  }
  return processes.flatMap(({ cores }, index) =>
    cores === 'efficiency' && efficiencyCpus === 0
      ? { path: ['processes', index, 'cores'], expected: 'expected "performance": cpu.efficiency is not given' }
      : [],
  )
}

function checkProcesses(rig: Rig): Mistake[] {
  const names = rig.processes.map(({ name }) => name)
  return rig.processes.flatMap((process, index) => {
    const at = (field: string, expected: string): Mistake => ({ path: ['processes', index, field], expected })
    const mistakes: Mistake[] = []
    if (names.indexOf(process.name) < index) mistakes.push(at('name', `expected a name not yet used`))
    if (process.parent !== undefined && !names.slice(0, index).includes(process.parent)) {
      mistakes.push(at('parent', 'expected the name of a process declared above'))
    }
    if (process.alive !== undefined && (process.start ?? process.stop) !== undefined) {
      mistakes.push(at('alive', 'expected either alive, or start and stop'))
    }
    if (process.hint && process.app === undefined) mistakes.push(at('hint', 'expected an app to hint at'))
    if (process.alive !== undefined) mistakes.push(...checkWindow(rig, process.alive, ['processes', index, 'alive']))
    return [...mistakes, ...checkLife(process, at)]
  })
}

function checkLife({ start, stop, children }: RigProcess, at: (field: string, expected: string) => Mistake): Mistake[] {
  const mistakes: Mistake[] = []
  if (start !== undefined && stop !== undefined && durationMs(stop) <= durationMs(start)) {
    mistakes.push(at('stop', 'expected a time after start'))
  }
  if (children !== undefined && durationMs(children.every) < Math.max(1, durationMs(children.lasts))) {
    mistakes.push(at('children', 'expected lasts to be at most every, so that one lives at a time'))
  }
  return mistakes
}

function checkZones(rig: Rig): Mistake[] {
  const apps = new Set(rig.processes.map(({ app }) => app))
  const roots = rig.domains.map(({ zone }) => zone)
  return rig.domains.flatMap((root, index) => {
    const siblings = root.children.map(({ zone }) => zone)
    const zones = [root, ...root.children]
    return zones.flatMap((zone, position): Mistake[] => {
      const path: JsonPath = position === 0 ? ['domains', index] : ['domains', index, 'children', position - 1]
      const mistakes: Mistake[] = []
      const isMacs = rig.platform === 'darwin' && (zone.zone === 'dram' || zone.zone === 'npu')
      const isRoot = /^(package|psys)/.test(zone.zone) || isMacs
      const isChild = /^(core|uncore|dram)$/.test(zone.zone)
      if (position === 0 && !isRoot) mistakes.push({ path: [...path, 'zone'], expected: 'expected a package or psys' })
      if (position > 0 && !isChild)
        mistakes.push({ path: [...path, 'zone'], expected: 'expected core, uncore or dram' })
      const names = position === 0 ? roots.slice(0, index) : siblings.slice(0, position - 1)
      if (names.includes(zone.zone)) mistakes.push({ path: [...path, 'zone'], expected: 'expected each zone once' })
      for (const app of Object.keys(zone.wattsPerCoreOf)) {
        if ([...apps].some((known) => known === app)) continue
        mistakes.push({ path: [...path, 'wattsPerCoreOf', app], expected: 'expected an app that a process has' })
      }
      return mistakes
    })
  })
}

function checkEvents(rig: Rig): Mistake[] {
  const zones = rig.domains.flatMap(({ zone, children }) => [zone, ...children.map((child) => `${zone}/${child.zone}`)])
  return rig.events.flatMap((event, index): Mistake[] => {
    if (event.every !== undefined && isTooOften(rig, event.every)) {
      return [{ path: ['events', index, 'every'], expected: TOO_OFTEN }]
    }
    if (!('fault' in event)) return []
    if ((event.path === undefined) === (event.zone === undefined)) {
      return [{ path: ['events', index], expected: 'expected either path or zone beside fault' }]
    }
    if (event.zone === undefined || zones.includes(event.zone)) return []
    return [
      { path: ['events', index, 'zone'], expected: `expected one of ${zones.join(', ') || 'no zone: there are none'}` },
    ]
  })
}

function checkPids(rig: Rig): Mistake[] {
  const lives = livesOf(rig).filter(({ spec }) => spec.pid !== undefined)
  return lives.flatMap((life, index) => {
    const clash = lives.slice(0, index).find((other) => other.pid === life.pid && other.reapedMs > life.startMs)
    if (clash === undefined) return []
    return [
      {
        path: ['processes', rig.processes.indexOf(life.spec), 'pid'],
        expected: `expected a pid that "${clash.spec.name}" does not have at the same time`,
      },
    ]
  })
}

function checkSleeps(rig: Rig): Mistake[] {
  const happenings = happeningsOf(rig)
  const overlaps = happenings.some((event, index) => {
    const before = happenings[index - 1]
    return before !== undefined && before.kind !== 'clockStep' && before.atMs + before.forMs > event.atMs
  })
  return overlaps ? [{ path: ['events'], expected: 'expected nothing to happen while asleep or stalled' }] : []
}

/** So many that every look at all of them stays short. */
function checkNumbers(rig: Rig): Mistake[] {
  const lives = livesOf(rig).length
  if (lives > MOST_LIVES) {
    return [
      { path: ['processes'], expected: `expected at most ${MOST_LIVES} processes, but their windows make ${lives}` },
    ]
  }
  if (rig.events.reduce((sum, event) => sum + timesOf(rig, event).length, 0) <= MOST_EVENTS) return []
  return [{ path: ['events'], expected: `expected at most ${MOST_EVENTS} events, repetitions counted` }]
}

/** Loads that could exceed the machine would break the additivity that truth rests on. */
function checkCapacity(rig: Rig): Mistake[] {
  const lives = livesOf(rig)
  const efficiencyCpus = rig.cpu.efficiency?.cpus ?? 0
  const performanceCpus = rig.cpu.logicalCpus - efficiencyCpus
  for (const { startMs } of lives) {
    for (const cores of ['performance', 'efficiency'] as const) {
      const alive = lives.filter(
        (life) => life.startMs <= startMs && life.stopMs > startMs && life.spec.cores === cores,
      )
      const busy = alive.reduce((sum, { spec }) => sum + largest(spec.load) + (spec.children?.cores ?? 0), 0)
      const unseen = cores === 'performance' ? largest(rig.background) + largest(rig.cpu.steal) : 0
      const cpus = cores === 'performance' ? performanceCpus : efficiencyCpus
      if (busy + unseen <= cpus + 1e-9) continue
      return [
        {
          path: ['processes'],
          expected: `expected at most ${cpus} busy ${cores} cores, but the largest loads add up to ${busy + unseen}`,
        },
      ]
    }
  }
  return []
}
