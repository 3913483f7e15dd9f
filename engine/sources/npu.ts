import { DomainId, SourceId } from '../../contract/ids.ts'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import type { FileFault, Host } from '../host/host.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import { describeZone, listZones } from './rapl-zones.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './source.ts'
import { GAIN } from './uncertainty.ts'

export const NPU = SourceId.parse('npu')

/**
 * Energy of Intel's NPUs from the time in which they worked: nothing measures their power. Kernel: drivers/accel/ivpu/ivpu_sysfs.c
 * (`npu_busy_time_us`, Linux 6.11). Reading it takes a lock that the submission of jobs takes too, hence at most once a second and off this
 * thread; it takes no reference of the device's runtime power, so it does not wake an NPU that sleeps.
 */
export const npu: Source = {
  id: NPU,
  title: 'Neural processors (from their busy time)',
  platforms: ['linux'],
  async probe(context) {
    const open = new OpenNpu(context)
    open.refresh()
    if (open.domains.length > 0) return ok(open)
    return whyNone(context.host)
  },
}

const CLASS = '/sys/class/accel'
const PCI = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/
/** Between the 1 W and 5 W that NPUs of Meteor Lake to Panther Lake are seen to draw at work; makers publish none. */
const BUSY_W = 3
/** What no NPU of a client processor comes near. */
const PLAUSIBLE_MAX_W = 30
/** The driver's advice is a second; ticks that come a little early count as one. */
const PERIOD_MS = 900
/** What an answer that comes late, or on a clock that is adjusted, may show above the time that passed. */
const MOST_RATIO = 1.1
const MOST_LATE_MS = 50

type Look = { readonly atMs: number; readonly busyUs: number }
type Npu = {
  readonly domain: Domain
  readonly path: string
  isAsked: boolean
  askedMs: number
  before: Look | null
  /** What the last answer told, until it is handed over. */
  reading: Reading | null
  use: DeviceUse | null
}

class OpenNpu implements OpenSource {
  readonly #context: SourceContext
  #npus: Npu[] = []

  constructor(context: SourceContext) {
    this.#context = context
  }

  get domains(): readonly Domain[] {
    return this.#npus.map(({ domain }) => domain)
  }

  /** Each answer once. */
  sample(): readonly Reading[] {
    const nowMs = this.#context.host.clock.monotonicMs()
    return this.#npus.flatMap((one) => {
      this.#ask(one, nowMs)
      const { reading } = one
      one.reading = null
      return reading ?? []
    })
  }

  /** Time of the device alone: who held it open is told by its processes' descriptors (processes/gpu-fdinfo.ts). */
  uses(): readonly DeviceUse[] {
    return this.#npus.flatMap((one) => {
      const { use } = one
      one.use = null
      return use ?? []
    })
  }

  refresh(): boolean {
    const found = findNpus(this.#context)
    const isSame = (a: Domain, b: Domain) => a.id === b.id && a.parent === b.parent
    const kept = found.map((one) => this.#npus.find((known) => isSame(known.domain, one.domain)) ?? one)
    const changed = kept.length !== this.#npus.length || kept.some((one, index) => one !== this.#npus[index])
    this.#npus = kept
    return changed
  }

  close(): void {
    this.#npus = []
  }

  #ask(one: Npu, nowMs: number): void {
    if (one.isAsked || nowMs - one.askedMs < PERIOD_MS) return
    one.isAsked = true
    one.askedMs = nowMs
    this.#context.host.files.later(one.path, (answer) => {
      one.isAsked = false
      take(one, answer, this.#context.host.clock.monotonicMs())
    })
  }
}

function take(one: Npu, answer: Result<string, FileFault>, atMs: number): void {
  const { before, domain } = one
  const busyUs = answer.ok ? microseconds(answer.value) : null
  one.before = busyUs === null ? null : { atMs, busyUs }
  if (busyUs === null) {
    one.reading = broken(domain, atMs, answer.ok ? 'gave no number' : 'could not be read this time')
    return
  }
  if (before === null || atMs <= before.atMs) return
  const intervalMs = atMs - before.atMs
  const busyMs = (busyUs - before.busyUs) / 1_000
  // It begins anew when the driver is loaded again; and none works longer than time passes, but for what the read itself takes.
  if (busyMs < 0 || busyMs > intervalMs * MOST_RATIO + MOST_LATE_MS) {
    one.reading = broken(domain, atMs, 'told of more or less time than passed')
    return
  }
  const workedMs = Math.min(busyMs, intervalMs)
  const span = { fromMs: before.atMs, atMs }
  one.reading = { kind: 'modelled', domain: domain.id, ...span, powerW: (BUSY_W * workedMs) / intervalMs }
  const device = domain.device ?? domain.id
  one.use = { device, fromMs: before.atMs, toMs: atMs, busyMs: workedMs, processes: [] }
}

function microseconds(text: string): number | null {
  const count = /^\d{1,16}\n?$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(count) ? count : null
}

function broken(domain: Domain, atMs: number, what: string): Reading {
  const reason = `The busy time of the ${domain.name} ${what}.`
  return { kind: 'fault', domain: domain.id, atMs, problem: problem('broken', reason) }
}

function findNpus(context: SourceContext): Npu[] {
  const { files } = context.host
  return accelNames(context.host).flatMap((name) => {
    const path = `${CLASS}/${name}/device/npu_busy_time_us`
    const device = baseOf(files.link(`${CLASS}/${name}/device`)).toLowerCase()
    if (!isIvpu(context.host, name) || !PCI.test(device) || !files.text(path).ok) return []
    const domain: Domain = {
      id: DomainId.parse(`npu/${device}`),
      kind: 'npu',
      parent: packageOf(context),
      source: NPU,
      provenance: 'estimate',
      name: 'Neural processor (NPU)',
      gainRatio: GAIN.npuBusyTime,
      plausibleMaxW: PLAUSIBLE_MAX_W,
      activity: 'gpu',
      tableFloorW: 0,
      device,
    }
    return [{ domain, path, isAsked: false, askedMs: -PERIOD_MS, before: null, reading: null, use: null }]
  })
}

/** It is part of the processor: where the package is measured, its energy is in there already. */
function packageOf({ host, facts, measuredKinds }: SourceContext): DomainId | null {
  if (!measuredKinds.has('cpu')) return null
  for (const zone of listZones(host)) {
    const described = describeZone(host, facts, zone)
    if (described?.domain.kind === 'cpu') return described.domain.id
  }
  return null
}

function whyNone(host: Host): Problem<SourceFault> {
  const own = accelNames(host).filter((name) => isIvpu(host, name))
  if (own.length === 0) return problem('absent', 'Linux shows no neural processor here whose busy time it tells.')
  const faults = own.map((name) => host.files.text(`${CLASS}/${name}/device/npu_busy_time_us`)).filter(isFault)
  if (faults.some(({ code }) => code === 'denied')) {
    return problem('denied', 'There is a neural processor, but Linux does not let you read its busy time.')
  }
  if (faults.some(({ code }) => code !== 'absent')) {
    return problem('broken', 'There is a neural processor, but its busy time could not be read.')
  }
  return problem('absent', 'There is a neural processor, but its driver tells no busy time; Linux 6.11 and later do.')
}

function isFault(text: Result<string, FileFault>): text is Problem<FileFault> {
  return !text.ok
}

function accelNames(host: Host): string[] {
  const names = host.files.list(CLASS)
  return names.ok ? names.value.filter((name) => /^accel\d{1,4}$/.test(name)).toSorted() : []
}

function isIvpu(host: Host, name: string): boolean {
  return baseOf(host.files.link(`${CLASS}/${name}/device/driver`)) === 'intel_vpu'
}

function baseOf(link: Result<string, FileFault>): string {
  return link.ok ? link.value.slice(link.value.lastIndexOf('/') + 1) : ''
}
