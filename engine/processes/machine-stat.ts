import type { HostFiles, KeptFile } from '../host/host.ts'

const BLANK = 32
const NEWLINE = 10
const ZERO = 48
const NINE = 57
/** user nice system idle iowait irq softirq: `guest` is inside user and nice, steal is not ours, iowait is idle (proc_stat(5)). */
const IS_BUSY = [true, true, true, false, false, true, true]
const FORKS = [...'processes '].map((letter) => letter.charCodeAt(0))
const MAX_BYTES = 1 << 20
/** Ten years of 1,024 CPUs at 1,000 ticks a second, and still exact in a double. */
const MAX_TICKS = 2 ** 49

/** /proc/stat on a kept descriptor, read from bytes: the machine's busy time, and how many processes were ever made. */
export class MachineStat {
  /** Since boot, of all CPUs, USER_HZ. */
  busyTicks = 0
  /** Processes and threads ever made. */
  forks = 0
  /** By CPU number, where asked for; of a CPU that is offline, what it had done before. */
  readonly busyTicksByCpu: Float64Array
  readonly #files: HostFiles
  #file: KeptFile | null = null
  #bytes = new Uint8Array(16_384)

  /** `cpus`: how many numbers of single CPUs to read; 0 where only the sum matters. */
  constructor(files: HostFiles, cpus: number) {
    this.#files = files
    this.busyTicksByCpu = new Float64Array(cpus)
  }

  /** `false` where the file cannot be read or makes no sense; then nothing has changed. */
  read(): boolean {
    const length = this.#readBytes()
    if (length <= 0) return false
    const bytes = this.#bytes
    if (bytes[0] !== 99 || bytes[1] !== 112 || bytes[2] !== 117 || bytes[3] !== BLANK) return false
    const busyTicks = busyOfLine(bytes, length, 4)
    const forks = readForks(bytes, length)
    if (busyTicks < 0 || forks < 0) return false
    this.busyTicks = busyTicks
    this.forks = forks
    if (this.busyTicksByCpu.length > 0) this.#readCpus(length)
    return true
  }

  close(): void {
    this.#file?.close()
    this.#file = null
  }

  #readBytes(): number {
    if (this.#file === null) {
      const opened = this.#files.open('/proc/stat')
      if (!opened.ok) return -1
      this.#file = opened.value
    }
    let length = this.#file.read(this.#bytes)
    while (length === this.#bytes.length && length < MAX_BYTES) {
      this.#bytes = new Uint8Array(length * 2)
      length = this.#file.read(this.#bytes)
    }
    if (length < 0) this.close()
    return length
  }

  #readCpus(length: number): void {
    const bytes = this.#bytes
    for (let at = bytes.indexOf(NEWLINE) + 1; bytes[at] === 99 && bytes[at + 1] === 112; ) {
      let cpu = 0
      let digit = at + 3
      for (; digit < length && bytes[digit] !== BLANK; digit++) cpu = cpu * 10 + (bytes[digit] as number) - ZERO
      const busyTicks = busyOfLine(bytes, length, digit)
      if (busyTicks >= 0 && cpu < this.busyTicksByCpu.length) this.busyTicksByCpu[cpu] = busyTicks
      const end = bytes.indexOf(NEWLINE, at)
      if (end < 0) return
      at = end + 1
    }
  }
}

/** Sum of the busy fields of one line, or -1 where it is none. */
function busyOfLine(bytes: Uint8Array, length: number, from: number): number {
  let at = from
  let busyTicks = 0
  for (const isBusy of IS_BUSY) {
    while (bytes[at] === BLANK) at++
    const first = at
    let value = 0
    for (; at < length; at++) {
      const digit = bytes[at] as number
      if (digit < ZERO || digit > NINE) break
      value = value * 10 + (digit - ZERO)
    }
    if (at === first || value > MAX_TICKS) return -1
    if (isBusy) busyTicks += value
  }
  return bytes[at] === BLANK || bytes[at] === NEWLINE ? busyTicks : -1
}

/** The line stands among the last four, behind the long one of interrupts: looked for from the end. */
function readForks(bytes: Uint8Array, length: number): number {
  for (let end = length; end > 0; ) {
    const line = bytes.lastIndexOf(NEWLINE, end - 1) + 1
    if (startsWithForks(bytes, line, length)) {
      let value = 0
      let at = line + FORKS.length
      const first = at
      for (; at < length; at++) {
        const digit = bytes[at] as number
        if (digit < ZERO || digit > NINE) break
        value = value * 10 + (digit - ZERO)
      }
      return at > first && bytes[at] === NEWLINE && value <= MAX_TICKS ? value : -1
    }
    end = line - 1
  }
  return -1
}

function startsWithForks(bytes: Uint8Array, at: number, length: number): boolean {
  if (at + FORKS.length >= length) return false
  for (let index = 0; index < FORKS.length; index++) if (bytes[at + index] !== FORKS[index]) return false
  return true
}
