import { DomainId, type DomainKind, SourceId } from '../../contract/ids.ts'
import type { HostFiles } from '../host/host.ts'
import { CHIPS, type Chip, type Meter } from './hwmon-chips.ts'
import type { Domain } from './source.ts'

export const HWMON = SourceId.parse('hwmon')

const CLASS = '/sys/class/hwmon'
const MOST_INPUTS = 16
const PCI = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i

/** Files whose values are multiplied: one of µW or µJ, or mV and mA. */
export type Input = readonly string[]

/** What a chip of this machine measures, ready to be read. */
export type FoundMeter = {
  readonly domain: Domain
  /** Driver and device of its chips: `hwmonN` changes from boot to boot and when a driver is loaded again, these do not. */
  readonly chips: string
  readonly everyMs: number
  readonly reads: Meter['reads']
  /** Added up. */
  readonly inputs: readonly Input[]
  /** `power1_average_interval`, ms, where its power is an average over that time; else `null`. */
  readonly windowPath: string | null
}

export type Found = {
  readonly meters: readonly FoundMeter[]
  /** Files that are there, but may not be read. */
  readonly denied: readonly string[]
  /** Chips of the table, whether or not they tell a power. */
  readonly known: number
}

type ChipHere = { readonly chip: Chip; readonly name: string; readonly path: string; readonly device: string }
type Match = { readonly here: ChipHere; readonly meter: Meter; readonly inputs: readonly Input[] }

/** Meters in an order that does not depend on hwmon numbers. A kind for which `isWanted` is false is measured better elsewhere. */
export function findMeters(files: HostFiles, isWanted: (kind: DomainKind) => boolean): Found {
  const denied: string[] = []
  const here = listChips(files)
  const matches: Match[] = []
  for (const each of here) {
    for (const meter of each.chip.meters) {
      if (!isWanted(meter.kind)) continue
      const inputs = inputsOf(files, each.path, meter)
      const refused = inputs?.flat().find((path) => isRefused(files, path))
      if (refused !== undefined) denied.push(refused)
      else if (inputs !== null) matches.push({ here: each, meter, inputs })
    }
  }
  const meters: FoundMeter[] = []
  for (const match of matches) {
    const shared = match.meter.isSharedByChips ? matches.filter(({ meter }) => meter === match.meter) : [match]
    if (shared[0] !== match) continue
    const domain = domainOf(match, new Set(meters.map((each) => each.domain.id)))
    if (domain === null) continue
    meters.push({
      domain,
      chips: shared.map(({ here: { name, device } }) => `${name} ${device}`).join(', '),
      everyMs: match.here.chip.everyMs,
      reads: match.meter.reads,
      inputs: shared.flatMap(({ inputs }) => inputs),
      windowPath: match.here.name === 'power_meter' ? `${match.here.path}/power1_average_interval` : null,
    })
  }
  return { meters, denied, known: here.length }
}

function listChips(files: HostFiles): ChipHere[] {
  const listed = files.list(CLASS)
  if (!listed.ok) return []
  const found: ChipHere[] = []
  for (const directory of listed.value) {
    if (!/^hwmon\d{1,5}$/.test(directory)) continue
    const path = `${CLASS}/${directory}`
    const name = textOf(files, `${path}/name`)
    const chip = name === null ? undefined : CHIPS.find(({ names }) => names.includes(name))
    if (name === null || chip === undefined) continue
    // ACPI 4.0 §10.4: such a meter stands behind a battery, and measures what the battery source does.
    if (textOf(files, `${path}/power1_is_battery`) === '1') continue
    found.push({ chip, name, path, device: deviceOf(files, path) ?? directory })
  }
  return found.sort((a, b) => compare(a.name, b.name) || compare(a.device, b.device))
}

/** Name of the device on its bus ("0000:03:00.0", "1-0040"). The class's own link leads through it as well: …/DEVICE/hwmon/hwmonN. */
function deviceOf(files: HostFiles, path: string): string | null {
  const device = files.link(`${path}/device`)
  if (device.ok) return device.value.split('/').findLast((part) => part !== '') ?? null
  const whole = files.link(path)
  return whole.ok ? (/([^/]+)\/hwmon\/hwmon\d+\/?$/.exec(whole.value)?.[1] ?? null) : null
}

/** `null` where the chip lacks one of the inputs that the meter adds up. */
function inputsOf(files: HostFiles, path: string, meter: Meter): Input[] | null {
  if (meter.isChipLabelled) {
    const label = textOf(files, `${path}/label`)
    if (label === null || meter.labels?.[0]?.test(label) !== true) return null
    return firstInput(files, path, meter.reads)
  }
  if (meter.labels === null) return firstInput(files, path, meter.reads)
  const inputs: Input[] = []
  for (const label of meter.labels) {
    const index = indexOf(files, path, meter.reads === 'voltageTimesCurrent' ? 'in' : 'power', label)
    const input = index === null ? null : inputAt(files, path, meter.reads, index)
    if (input === null) return null
    inputs.push(input)
  }
  return inputs
}

function firstInput(files: HostFiles, path: string, reads: Meter['reads']): Input[] | null {
  for (const index of [1, 2]) {
    const input = inputAt(files, path, reads, index)
    if (input !== null) return [input]
  }
  return null
}

function indexOf(files: HostFiles, path: string, kind: 'in' | 'power', label: RegExp): number | null {
  for (let index = 1; index <= MOST_INPUTS; index++) {
    const text = textOf(files, `${path}/${kind}${index}_label`)
    if (text !== null && label.test(text)) return index
  }
  return null
}

function inputAt(files: HostFiles, path: string, reads: Meter['reads'], index: number): Input | null {
  const choices: Record<Meter['reads'], Input[]> = {
    energy: [[`energy${index}_input`]],
    // fam15h_power has both, and sleeps while it averages.
    power: [[`power${index}_input`], [`power${index}_average`]],
    voltageTimesCurrent: [[`in${index}_input`, `curr${index}_input`]],
  }
  for (const names of choices[reads]) {
    const paths = names.map((name) => `${path}/${name}`)
    if (paths.every((each) => isThere(files, each))) return paths
  }
  return null
}

function domainOf({ here, meter }: Match, taken: ReadonlySet<string>): Domain | null {
  const isPci = PCI.test(here.device)
  if (meter.id === null && !isPci) return null
  const device = here.device.toLowerCase()
  return {
    id: DomainId.parse(meter.id === null ? `gpu/${device}` : freeId(meter.id, taken)),
    kind: meter.kind,
    parent: null,
    source: HWMON,
    provenance: meter.reads === 'energy' ? 'counter' : 'sensor',
    name: meter.id === null ? `${meter.name} (${device})` : meter.name,
    gainRatio: meter.gainRatio,
    plausibleMaxW: meter.plausibleMaxW,
    activity: meter.activity,
    tableFloorW: null,
    ...(meter.id === null ? { device } : {}),
  }
}

/** `cpu/0`, `cpu/1`; `board/acpi`, `board/acpi-1`. */
function freeId(id: string, taken: ReadonlySet<string>): string {
  const stem = id.replace(/\/0$/, '/')
  for (let number = 0; ; number++) {
    const next = stem === id ? (number === 0 ? id : `${id}-${number}`) : `${stem}${number}`
    if (!taken.has(next)) return next
  }
}

/** Opening a file of sysfs asks the chip nothing and wakes nothing; reading may. */
function isThere(files: HostFiles, path: string): boolean {
  const opened = files.open(path)
  if (opened.ok) opened.value.close()
  return opened.ok || opened.code !== 'absent'
}

function isRefused(files: HostFiles, path: string): boolean {
  const opened = files.open(path)
  if (opened.ok) opened.value.close()
  return !opened.ok && opened.code === 'denied'
}

function textOf(files: HostFiles, path: string): string | null {
  const text = files.text(path)
  return text.ok ? text.value.trim() : null
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
