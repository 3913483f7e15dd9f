import type { HostFiles, KeptFile } from '../host/host.ts'
import { type GpuMetrics, parseGpuMetrics } from './gpu-metrics.ts'

/** µW: the socket's average until RDNA3, its power now since; a card has one of them, or both (drivers/gpu/drm/amd/pm/amdgpu_pm.c). */
const POWER_FILES = ['power1_average', 'power1_input'] as const
/** Voltage of the northbridge: only APUs have it, but for the accelerators among them. */
const APU_FILE = 'in1_input'
const LIMIT_FILES = ['power1_cap_max', 'power1_cap'] as const
const MOST_DIGITS = 12

/** A table is fetched anew by each read, and the second of two may be all zeros: one read, larger than a page's 4 KiB. */
const table = new Uint8Array(8_192)
const digits = new Uint8Array(64)

/** The descriptors of one card. They are the kernel's texts about it, not the card: it may sleep while they are open. */
export class CardFiles {
  /** A descriptor's device ended. */
  isGone = false
  /** The last table had a layout that nobody published. */
  isTableUnknown = false
  readonly isDenied: boolean
  readonly isApuByName: boolean
  readonly #power: readonly KeptFile[]
  readonly #table: KeptFile | null
  readonly #busy: KeptFile | null
  #powerAt = 0

  constructor(files: HostFiles, path: string) {
    const hwmon = hwmonPath(files, path)
    const names = hwmon === null ? [] : namesIn(files, hwmon)
    let isDenied = false
    const open = (file: string): KeptFile | null => {
      const opened = files.open(file)
      if (!opened.ok && opened.code === 'denied') isDenied = true
      return opened.ok ? opened.value : null
    }
    this.#power = POWER_FILES.filter((name) => names.includes(name)).flatMap((name) => open(`${hwmon}/${name}`) ?? [])
    this.#table = open(`${path}/gpu_metrics`)
    this.#busy = open(`${path}/gpu_busy_percent`)
    this.isDenied = isDenied
    this.isApuByName = names.includes(APU_FILE)
  }

  get hasPower(): boolean {
    return this.#power.length > 0
  }

  get hasTable(): boolean {
    return this.#table !== null
  }

  /** Of a card its own, of an APU the whole chip's; `null` where it was not told. */
  powerW(): number | null {
    for (let tried = 0; tried < this.#power.length; tried++) {
      const powerUw = this.#numberOf(this.#power[this.#powerAt] as KeptFile)
      if (powerUw !== null) return powerUw / 1e6
      this.#powerAt = (this.#powerAt + 1) % this.#power.length
    }
    return null
  }

  metrics(): GpuMetrics | null {
    if (this.#table === null) return null
    const length = this.#table.read(table)
    if (length < 0) return this.#failed(this.#table)
    const parsed = parseGpuMetrics(table, length)
    this.isTableUnknown = parsed === 'unknown'
    return typeof parsed === 'string' ? null : parsed
  }

  /** 0–1. Some APUs show garbage: more than all is none. */
  busyRatio(): number | null {
    const percent = this.#busy === null ? null : this.#numberOf(this.#busy)
    return percent === null || percent > 100 ? null : percent / 100
  }

  close(): void {
    for (const file of this.#power) file.close()
    this.#table?.close()
    this.#busy?.close()
  }

  #numberOf(file: KeptFile): number | null {
    const length = file.read(digits)
    return length < 0 ? this.#failed(file) : wholeNumber(length)
  }

  /** "denied" of an open descriptor is EPERM: the card sleeps, resets or suspends, and nobody lacks a permission. */
  #failed({ fault }: KeptFile): null {
    if (fault === 'gone' || fault === 'absent') this.isGone = true
    return null
  }
}

/** Highest watts that the driver lets anybody set; `null` where it tells none. Asks the card: only while it is awake. */
export function limitW(files: HostFiles, path: string): number | null {
  const hwmon = hwmonPath(files, path)
  if (hwmon === null) return null
  for (const name of LIMIT_FILES) {
    const text = files.text(`${hwmon}/${name}`)
    if (text.ok && /^\d{1,12}\n?$/.test(text.value) && Number(text.value) > 0) return Number(text.value) / 1e6
  }
  return null
}

function wholeNumber(length: number): number | null {
  const end = digits[length - 1] === 10 ? length - 1 : length
  if (end <= 0 || end > MOST_DIGITS) return null
  let value = 0
  for (let at = 0; at < end; at++) {
    const digit = (digits[at] as number) - 48
    if (digit < 0 || digit > 9) return null
    value = value * 10 + digit
  }
  return value
}

function hwmonPath(files: HostFiles, path: string): string | null {
  const name = namesIn(files, `${path}/hwmon`).find((each) => /^hwmon\d{1,4}$/.test(each))
  return name === undefined ? null : `${path}/hwmon/${name}`
}

function namesIn(files: HostFiles, path: string): string[] {
  const names = files.list(path)
  return names.ok ? names.value : []
}
