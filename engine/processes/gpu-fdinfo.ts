import type { HostFiles } from '../host/host.ts'
import { createSleepWatch, maySleep, type SleepWatch } from '../sources/runtime-status.ts'
import { DeviceDescriptors, type Holding, isYounger } from './device-descriptors.ts'
import { DrmClient } from './drm-client.ts'
import { type DrmNode, hasDrmNodes } from './drm-nodes.ts'
import { type FdinfoRecord, parseFdinfo } from './fdinfo-text.ts'
import { deviceUse } from './fdinfo-use.ts'
import type { DeviceUse, GpuTimeContext, GpuTimeInterface, GpuTimeReader } from './gpu-time.ts'

/**
 * Time and memory that processes use on GPUs and NPUs, as every DRM driver tells it of each open descriptor, in /proc/PID/fdinfo. Kernel:
 * Documentation/gpu/drm-usage-stats.rst. Only text is read: the device files themselves are never opened.
 */
export const gpuFdinfo: GpuTimeInterface = {
  id: 'fdinfo',
  platforms: ['linux'],
  open: (context) => (hasDrmNodes(context.host.files) ? new FdinfoReader(context) : null),
}

/** What was read of one device so far. */
type Device = {
  /** End of the last interval that was told, or that it slept through; `null` before the first look. */
  lookedMs: number | null
  /** Not read before, so that it can fall asleep. */
  restUntilMs: number
  readonly watch: SleepWatch
}

/** Reading xe's text takes the card's runtime reference (xe_drm_client.c, show_run_ticks) and starts its 1 s until sleep anew. */
const REFERENCING_DRIVERS: ReadonlySet<string> = new Set(['xe'])
const REST_MS = 2_500
/** Their own library tells more, and their text nothing that counts. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['nvidia', 'nvidia-drm'])
/** An NPU's descriptor that is not read, or tells nothing: that a process holds it open is known all the same. */
const SILENT: FdinfoRecord = {
  driver: 'accel',
  pdev: null,
  clientId: null,
  engines: new Map(),
  memoryBytes: null,
  cardBytes: 0,
}
const NOTHING: readonly DeviceUse[] = []
/** New descriptors that are read in one tick; the others wait. */
const NEW_AT_ONCE = 64

class FdinfoReader implements GpuTimeReader {
  readonly #files: HostFiles
  readonly #tracked: GpuTimeContext['tracked']
  readonly #descriptors: DeviceDescriptors
  readonly #devices = new Map<string, Device>()
  /** Counters belong to the client, not to a process: they go on when one of several that share it ends. */
  #clients = new Map<string, DrmClient>()

  constructor({ host, tracked }: GpuTimeContext) {
    this.#files = host.files
    this.#tracked = tracked
    this.#descriptors = new DeviceDescriptors(host)
  }

  sample(nowMs: number): readonly DeviceUse[] {
    this.#descriptors.look(nowMs, this.#tracked())
    const all = [...this.#descriptors.holdings()]
    if (all.length === 0 && this.#devices.size === 0) return NOTHING
    const uses: DeviceUse[] = []
    const byDevice = Map.groupBy(all, ({ node }) => keyOf(node))
    for (const [key, holdings] of byDevice) {
      const use = this.#look(this.#deviceOf(key, holdings), holdings, nowMs)
      if (use !== null) uses.push(use)
    }
    this.#forget(byDevice, all)
    return uses
  }

  close(): void {
    for (const { watch } of this.#devices.values()) watch.close()
    this.#clients.clear()
    this.#devices.clear()
  }

  #look(device: Device, holdings: readonly Holding[], nowMs: number): DeviceUse | null {
    const fromMs = device.lookedMs
    const node = holdings[0]?.node
    if (node === undefined || nowMs < device.restUntilMs) return null
    const sleeps = device.watch.isAsleep()
    if (!sleeps) this.#read(holdings, nowMs)
    else if (node.isAccel) this.#holdUnread(holdings)
    device.lookedMs = nowMs
    if (fromMs === null || fromMs >= nowMs) return null
    // A GPU that sleeps did nothing. An NPU sleeps between any two jobs: then those who hold it open are all that can be told.
    if (sleeps && !node.isAccel) return null
    const use = deviceUse(owned(holdings), { fromMs, toMs: nowMs })
    if (!sleeps && this.#letsRest(holdings, use)) device.restUntilMs = nowMs + REST_MS
    return use
  }

  /** Each client once, through the descriptor of whoever owns it, however many stand for it. */
  #read(holdings: readonly Holding[], nowMs: number): void {
    const taken = new Set<DrmClient>()
    for (const holding of owned(holdings).values()) this.#readOne(holding, taken, nowMs)
    const unread = holdings.filter(({ client }) => client === null).slice(0, NEW_AT_ONCE)
    for (const holding of unread) this.#readOne(holding, taken, nowMs)
  }

  #holdUnread(holdings: readonly Holding[]): void {
    for (const holding of holdings) holding.client ??= this.#clientOf(SILENT, holding)
  }

  #readOne(holding: Holding, taken: Set<DrmClient>, nowMs: number): void {
    const text = this.#files.text(`/proc/${holding.holder.pid}/fdinfo/${holding.descriptor}`)
    const record = text.ok ? (parseFdinfo(text.value) ?? (holding.node.isAccel ? SILENT : null)) : null
    holding.client = null
    if (record === null || TOLD_ELSEWHERE.has(record.driver)) {
      this.#descriptors.drop(holding, text.ok ? null : nowMs)
      return
    }
    const client = this.#clientOf(record, holding)
    holding.client = client
    if (taken.has(client)) return
    taken.add(client)
    client.take(holding.node.isCountingOff ? { ...record, engines: new Map() } : record, nowMs)
  }

  #clientOf(record: FdinfoRecord, { node, holder }: Holding): DrmClient {
    const device = record.pdev ?? node.pci ?? `platform:${record.driver}`
    // Where no id tells openings apart, a process counts once: too little rather than twice.
    const key = `${record.driver} ${device} ${record.clientId ?? `of ${holder.pid}`}`
    const client = this.#clients.get(key) ?? new DrmClient(record.driver, device)
    this.#clients.set(key, client)
    return client
  }

  #letsRest(holdings: readonly Holding[], use: DeviceUse | null): boolean {
    const pci = holdings[0]?.node.pci ?? null
    const isQuiet = use === null || use.processes.every(({ busyMs }) => busyMs === 0)
    const isReferencing = holdings.some(({ client }) => client !== null && REFERENCING_DRIVERS.has(client.driver))
    return isQuiet && isReferencing && pci !== null && maySleep(this.#files, pci)
  }

  #deviceOf(key: string, holdings: readonly Holding[]): Device {
    const known = this.#devices.get(key)
    if (known !== undefined) return known
    const watch = createSleepWatch(this.#files, holdings[0]?.node.pci ?? null)
    const device: Device = { lookedMs: null, restUntilMs: Number.NEGATIVE_INFINITY, watch }
    this.#devices.set(key, device)
    return device
  }

  /** Clients and devices that nobody holds any more. */
  #forget(byDevice: ReadonlyMap<string, readonly Holding[]>, all: readonly Holding[]): void {
    for (const [key, { watch }] of this.#devices) {
      if (byDevice.has(key)) continue
      watch.close()
      this.#devices.delete(key)
    }
    const held = new Set(all.map(({ client }) => client))
    for (const [key, client] of this.#clients) if (!held.has(client)) this.#clients.delete(key)
  }
}

function keyOf(node: DrmNode): string {
  return node.pci ?? node.path
}

/** Which descriptor stands for each client. Those that were not read yet stand for nobody's. */
function owned(holdings: readonly Holding[]): Map<DrmClient, Holding> {
  const owners = new Map<DrmClient, Holding>()
  for (const holding of holdings) {
    if (holding.client === null) continue
    const known = owners.get(holding.client)
    if (known === undefined || isYounger(holding.holder, known.holder)) owners.set(holding.client, holding)
  }
  return owners
}
