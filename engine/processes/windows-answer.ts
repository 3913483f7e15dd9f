/** A process in the newest look. Times since its own start. */
export type SeenProcess = {
  readonly pid: number
  readonly parentPid: number
  /** Since 1601, ms: with the pid it names a process. */
  readonly createdMs: number
  readonly busyMs: number
  readonly cycles: number
  /** Name of its image file: "ollama.exe". */
  readonly name: string
}

/** `null` where Windows lets only others look. */
export type SeenImage = { readonly pid: number; readonly path: string | null; readonly commandLine: string | null }

export type WindowsLook = {
  /** Busy time of all CPUs since the start of Windows. */
  readonly busyMs: number
  readonly processes: readonly SeenProcess[]
  readonly images: readonly SeenImage[]
  readonly coresDiffer: boolean
}

const TICKS_PER_MS = 10_000
/** No machine has more. */
const MOST_PROCESSES = 1 << 20

/** What the driver `processes-windows` answered; `null` where it is not that, whole, or shows a machine busier than it can be. */
export function readLook(value: unknown): WindowsLook | null {
  const busyMs = readBusyMs(fieldOf(value, 'times'))
  const rows = fieldOf(value, 'processes')
  if (busyMs === null || !Array.isArray(rows) || rows.length > MOST_PROCESSES) return null
  const processes: SeenProcess[] = []
  for (const row of rows) {
    const process = readProcess(row)
    if (process === null) return null
    processes.push(process)
  }
  const images = fieldOf(value, 'images')
  const classes = fieldOf(value, 'efficiencyClasses')
  return {
    busyMs,
    processes,
    images: Array.isArray(images) ? images.flatMap((image: unknown) => readImage(image) ?? []) : [],
    coresDiffer: Array.isArray(classes) && new Set<unknown>(classes).size > 1,
  }
}

/** Kernel time holds the idle time (GetSystemTimes). */
function readBusyMs(times: unknown): number | null {
  const [idle, kernel, user] = Array.isArray(times) ? times.map(ticksOf) : []
  if (idle == null || kernel == null || user == null || idle > kernel) return null
  return (kernel - idle + user) / TICKS_PER_MS
}

function readProcess(row: unknown): SeenProcess | null {
  if (!Array.isArray(row)) return null
  const [pid, parentPid, created, busy, cycles, name]: readonly unknown[] = row
  const [createdTicks, busyTicks, cycleCount] = [ticksOf(created), ticksOf(busy), ticksOf(cycles)]
  if (typeof pid !== 'number' || typeof parentPid !== 'number' || typeof name !== 'string') return null
  if (createdTicks === null || busyTicks === null || cycleCount === null) return null
  const createdMs = Math.floor(createdTicks / TICKS_PER_MS)
  return { pid, parentPid, createdMs, busyMs: busyTicks / TICKS_PER_MS, cycles: cycleCount, name }
}

function readImage(image: unknown): SeenImage | null {
  if (!Array.isArray(image)) return null
  const [pid, path, commandLine]: readonly unknown[] = image
  if (typeof pid !== 'number') return null
  return {
    pid,
    path: typeof path === 'string' && path !== '' ? path : null,
    commandLine: typeof commandLine === 'string' ? commandLine : null,
  }
}

function ticksOf(value: unknown): number | null {
  return typeof value === 'string' && /^\d{1,19}$/.test(value) ? Number(value) : null
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}
