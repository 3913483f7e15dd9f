import type { RawProcesses, UtilisationSample } from './nvml-record.ts'

/** A process that holds something on a card. */
export type ListedProcess = {
  readonly pid: number
  /** `null` where the driver does not tell (Windows' own memory manager, WSL). */
  readonly memoryBytes: number | null
  /** It has a compute context (CUDA, MPS), which keeps the card from its deep idle. */
  readonly isResident: boolean
}

export type ListChecks = {
  /** Of the card; `null` where it is not known. */
  readonly memoryBytes: number | null
  readonly isProcess: (pid: number) => boolean
}

/** In the order in which they are likely: nvmlProcessInfo_t, nvmlProcessDetail_v1_t, nvmlProcessInfo_v1_t. */
const STRIDES = [24, 32, 16] as const
/** Up to the end of `usedGpuMemory`, which all three records share. */
const COMMON_BYTES = 16
const NOT_TOLD = 0xffff_ffff_ffff_ffffn
const NO_INSTANCE = 0xffff_ffff
const MOST_INSTANCE = 64
/** Share of the card's memory that a process may seem to hold: what the driver reserves is counted differently by version. */
const MEMORY_SLACK = 1.05
/** Samples are stamped by the machine's clock; those from far off it are garbage. */
const SAMPLE_AGE_US = 60_000_000n

/**
 * Processes of a card, each once: one that computes and draws stands in two lists with the same memory. Drivers have written records of 24,
 * 32 (early R535) and 16 bytes through one function; what was written tells, and where it does not, which length makes sense.
 */
export function listedProcesses(lists: readonly RawProcesses[], checks: ListChecks): ListedProcess[] {
  const byPid = new Map<number, ListedProcess>()
  for (const list of lists) {
    const isResident = list.kind !== 'graphics'
    for (const { pid, memoryBytes } of decoded(list, checks)) {
      const known = byPid.get(pid)
      byPid.set(pid, {
        pid,
        memoryBytes: known?.memoryBytes == null ? memoryBytes : Math.max(known.memoryBytes, memoryBytes ?? 0),
        isResident: isResident || known?.isResident === true,
      })
    }
  }
  return [...byPid.values()]
}

/**
 * Mean SM utilisation by pid, percent, over the sample periods since `afterUs`, and the newest of them. Drivers hand over garbage pids, more
 * than 100 % and old samples (nvtop issue 110): only listed processes, sane values and newer times count.
 */
export function smUse(
  samples: readonly UtilisationSample[],
  listed: ReadonlySet<number>,
  afterUs: bigint,
  wallMs: number,
): { pctByPid: ReadonlyMap<number, number>; newestUs: bigint } {
  const nowUs = BigInt(Math.round(wallMs)) * 1_000n
  const sums = new Map<number, number>()
  const times = new Set<bigint>()
  let newestUs = afterUs
  for (const { pid, atUs, smPct } of samples) {
    const sampleUs = BigInt(atUs)
    if (!listed.has(pid) || smPct > 100 || sampleUs <= afterUs) continue
    if (sampleUs > nowUs + SAMPLE_AGE_US || sampleUs < nowUs - SAMPLE_AGE_US) continue
    sums.set(pid, (sums.get(pid) ?? 0) + smPct)
    times.add(sampleUs)
    if (sampleUs > newestUs) newestUs = sampleUs
  }
  const pctByPid = new Map(Array.from(sums, ([pid, sum]) => [pid, Math.min(100, sum / times.size)]))
  return { pctByPid, newestUs }
}

type Decoded = { readonly pid: number; readonly memoryBytes: number | null }

function decoded(list: RawProcesses, checks: ListChecks): Decoded[] {
  const bytes = Buffer.from(list.bytes, 'base64')
  const { count } = list
  if (count === 0 || bytes.length < COMMON_BYTES) return []
  const stride = STRIDES.find((length) => bytes.length === length * count && isPlausible(bytes, length, count, checks))
  return records(bytes, stride ?? bestStride(bytes, count, checks), count, checks)
}

/** Memory taken for a pid gives itself away: such numbers are 0, or no process. */
function bestStride(bytes: Buffer, count: number, checks: ListChecks): number {
  let best: number = STRIDES[0]
  let most = 0
  for (const stride of STRIDES) {
    const sane = records(bytes, stride, count, checks).filter(({ pid }) => checks.isProcess(pid)).length
    if (sane > most) {
      most = sane
      best = stride
    }
  }
  return best
}

function isPlausible(bytes: Buffer, stride: number, count: number, checks: ListChecks): boolean {
  return records(bytes, stride, count, checks).length === count
}

/** Sane records alone. */
function records(bytes: Buffer, stride: number, count: number, { memoryBytes: totalBytes }: ListChecks): Decoded[] {
  const found: Decoded[] = []
  for (let index = 0; index < count; index++) {
    const at = index * stride
    if (at + COMMON_BYTES > bytes.length) break
    const pid = bytes.readUInt32LE(at)
    const used = bytes.readBigUInt64LE(at + 8)
    const hasInstance = stride > COMMON_BYTES && at + 20 <= bytes.length
    const instance = hasInstance ? bytes.readUInt32LE(at + 16) : NO_INSTANCE
    if (pid === 0 || pid > 0x7fff_ffff || (instance !== NO_INSTANCE && instance >= MOST_INSTANCE)) continue
    if (used === NOT_TOLD) found.push({ pid, memoryBytes: null })
    else if (Number(used) <= (totalBytes ?? Number.MAX_SAFE_INTEGER) * MEMORY_SLACK)
      found.push({ pid, memoryBytes: Math.min(Number(used), Number.MAX_SAFE_INTEGER) })
  }
  return found
}
