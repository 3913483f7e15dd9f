/** Fields of /proc/PID/stat by their number in proc_pid_stat(5). */
export const STAT = {
  ppid: 4,
  flags: 9,
  utime: 14,
  stime: 15,
  cutime: 16,
  cstime: 17,
  threads: 20,
  startTicks: 22,
  exitSignal: 38,
  processor: 39,
} as const

/** `PF_KTHREAD` of include/linux/sched.h: a thread of the kernel, which runs no program. */
const KERNEL_THREAD = 0x0020_0000

const BLANK = 32
const NEWLINE = 10
const MINUS = 45
const ZERO = 48
const NINE = 57
const OPEN = 40
const CLOSE = 41
/** pid, blank, `(`, and the longest name that the kernel prints: 64 bytes, of a worker thread (fs/proc/array.c). */
const NAME_ENDS_BEFORE = 96

/** One parsed line, made once and filled anew by each `parse`, so that a tick allocates nothing. */
export class ProcessStat {
  /** By field number; what was not asked for is left from before. */
  readonly fields = new Float64Array(STAT.processor + 1)
  /** First letter of the state: `Z` is a zombie. */
  state = 0
  /** FNV-1a of the name: it changes when the process runs another program. */
  nameHash = 0
  #nameFrom = 0
  #nameTo = 0

  /**
   * Reads the fields up to number `last`. `false` where the bytes are no such line: truncated, garbage, or with a number that no
   * counter reaches. The name may hold blanks, newlines and `)`: it ends at the last `)`.
   */
  parse(bytes: Uint8Array, length: number, last: number): boolean {
    if (!this.#findName(bytes, length)) return false
    let at = this.#nameTo + 2
    this.state = bytes[at] ?? 0
    if (at >= length || !isLetter(this.state)) return false
    at++
    for (let field = 4; field <= last; field++) {
      if (bytes[at] !== BLANK) return false
      at = this.#readNumber(bytes, length, at + 1, field)
      if (at < 0) return false
    }
    const after = at < length ? bytes[at] : undefined
    return (after === BLANK || after === NEWLINE) && this.#isPlausible(last)
  }

  get ppid(): number {
    return this.fields[STAT.ppid] as number
  }
  /** Of the whole thread group, threads that ended included; USER_HZ. */
  get ownTicks(): number {
    return (this.fields[STAT.utime] as number) + (this.fields[STAT.stime] as number)
  }
  /** Of children that were waited for, and theirs; USER_HZ. */
  get childTicks(): number {
    return (this.fields[STAT.cutime] as number) + (this.fields[STAT.cstime] as number)
  }
  get startTicks(): number {
    return this.fields[STAT.startTicks] as number
  }
  get processor(): number {
    return this.fields[STAT.processor] as number
  }
  get isKernelThread(): boolean {
    return ((this.fields[STAT.flags] as number) & KERNEL_THREAD) !== 0
  }
  /** /proc/TID of a thread that leads no process answers too; only such a thread ends without a signal (kernel/fork.c). */
  get isThread(): boolean {
    return (this.fields[STAT.exitSignal] as number) < 0
  }
  /** Dead and not yet waited for. A leader that left while its threads go on shows `Z` too, with more than one thread. */
  get isZombie(): boolean {
    return (this.state === 90 || this.state === 88) && (this.fields[STAT.threads] as number) <= 1
  }

  name(bytes: Uint8Array): string {
    return new TextDecoder().decode(bytes.subarray(this.#nameFrom, this.#nameTo))
  }

  #findName(bytes: Uint8Array, length: number): boolean {
    let from = 0
    while (from < length && from < 12 && bytes[from] !== OPEN) from++
    if (bytes[from] !== OPEN) return false
    let to = Math.min(length, NAME_ENDS_BEFORE) - 1
    while (to > from && bytes[to] !== CLOSE) to--
    if (to <= from) return false
    let hash = 0x811c9dc5
    for (let at = from + 1; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    this.#nameFrom = from + 1
    this.#nameTo = to
    this.nameHash = hash
    return bytes[to + 1] === BLANK
  }

  #readNumber(bytes: Uint8Array, length: number, from: number, field: number): number {
    const isNegative = bytes[from] === MINUS
    const first = isNegative ? from + 1 : from
    let at = first
    let value = 0
    for (; at < length; at++) {
      const digit = bytes[at] as number
      if (digit < ZERO || digit > NINE) break
      value = value * 10 + (digit - ZERO)
    }
    if (at === first) return -1
    this.fields[field] = isNegative ? -value : value
    return at
  }

  #isPlausible(last: number): boolean {
    for (let field = STAT.utime; field <= STAT.cstime; field++) {
      const ticks = this.fields[field] as number
      if (ticks < 0 || ticks > MAX_TICKS) return false
    }
    return last < STAT.startTicks || (this.startTicks >= 0 && this.startTicks <= MAX_TICKS)
  }
}

/** Ten years of 1,024 CPUs at 1,000 ticks a second, and still exact in a double. */
const MAX_TICKS = 2 ** 49

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
}
