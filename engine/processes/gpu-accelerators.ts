import { z } from 'zod'
import type { VendorSession } from '../host/host.ts'
import { type FreshAnswer, freshAnswers } from '../sources/fresh-answers.ts'
import { APPLE_GPU } from '../sources/ioreport-channels.ts'
import type { DeviceUse, GpuTimeInterface, GpuTimeReader } from './gpu-time.ts'

/**
 * GPU time by process on a Mac, of every user's, from the registry (engine/vendor/accelerators.ts). Memory of the GPU is the machine's, and
 * nobody publishes whose: a model that is loaded there keeps nothing from its idle.
 */
export const gpuAccelerators: GpuTimeInterface = {
  id: 'accelerators',
  platforms: ['darwin'],
  open({ host }) {
    const session = host.vendor('accelerators')
    return new AcceleratorReader(session, freshAnswers(session, host.clock))
  },
}

const Decimal = z.string().regex(/^\d{1,20}$/)
const Answer = z.object({
  accelerators: z.array(
    z.object({
      className: z.string(),
      clients: z.array(
        z.object({ id: Decimal.nullable(), creator: z.unknown(), usage: z.unknown(), time: z.unknown() }),
      ),
    }),
  ),
})

export type ClientTime = { readonly id: string; readonly pid: number; readonly timeNs: bigint }

/** Clients of Apple's own GPU, with their time since they began; `null` where the answer is nonsense or tells of no such GPU. */
export function parseClients(answer: unknown): ClientTime[] | null {
  const parsed = Answer.safeParse(answer)
  const gpu = parsed.success ? parsed.data.accelerators.find(({ className }) => className.startsWith('AGX')) : undefined
  if (gpu === undefined) return null
  return gpu.clients.flatMap(({ id, creator, usage, time }) => {
    const pid = pidOf(creator)
    const timeNs = timeOf(usage, time)
    return id === null || pid === null || timeNs === null ? [] : [{ id, pid, timeNs }]
  })
}

/** "pid 1234, name" */
function pidOf(creator: unknown): number | null {
  const digits = typeof creator === 'string' ? /^pid (\d{1,7}),/.exec(creator)?.[1] : undefined
  return digits === undefined ? null : Number(digits)
}

/** An entry for each API; a driver without them has the time on the client itself. */
function timeOf(usage: unknown, time: unknown): bigint | null {
  const whole = Decimal.safeParse(time)
  if (whole.success) return BigInt(whole.data)
  const entries = z.array(z.object({ accumulatedGPUTime: Decimal }).catch({ accumulatedGPUTime: '0' })).safeParse(usage)
  if (!entries.success) return null
  return entries.data.reduce((sum, { accumulatedGPUTime }) => sum + BigInt(accumulatedGPUTime), 0n)
}

/** Several queues of one client may work at once; beyond this a time has jumped. */
const MOST_QUEUES = 8

/** Time of each process between two looks. A client's total goes with it, so that only what each client gained is added up. */
export function timeByPid(
  before: ReadonlyMap<string, bigint>,
  now: readonly ClientTime[],
  intervalMs: number,
): Map<number, number> {
  const busyMsByPid = new Map<number, number>()
  for (const { id, pid, timeNs } of now) {
    // A client that was not there has begun since.
    const gainedMs = Number(timeNs - (before.get(id) ?? 0n)) / 1e6
    if (gainedMs < 0 || gainedMs > intervalMs * MOST_QUEUES) continue
    busyMsByPid.set(pid, (busyMsByPid.get(pid) ?? 0) + gainedMs)
  }
  return busyMsByPid
}

class AcceleratorReader implements GpuTimeReader {
  readonly #session: VendorSession
  readonly #next: () => FreshAnswer | null
  #before: { readonly atMs: number; readonly timeById: ReadonlyMap<string, bigint> } | null = null

  constructor(session: VendorSession, next: () => FreshAnswer | null) {
    this.#session = session
    this.#next = next
  }

  sample(): readonly DeviceUse[] {
    const answer = this.#next()
    if (this.#session.problem !== null) this.#before = null
    // A Mac without a GPU stays one.
    if (this.#session.problem?.code !== 'absent') this.#session.ask()
    const clients = answer === null ? null : parseClients(answer.value)
    if (answer === null || clients === null) return []
    const { atMs } = answer
    const before = this.#before
    this.#before = { atMs, timeById: new Map(clients.map(({ id, timeNs }) => [id, timeNs])) }
    if (before === null || atMs <= before.atMs) return []
    const times = timeByPid(before.timeById, clients, atMs - before.atMs)
    const processes = Array.from(times, ([pid, busyMs]) => ({ pid, busyMs, memoryBytes: null, isResident: false }))
    return [{ device: APPLE_GPU, fromMs: before.atMs, toMs: atMs, busyMs: null, processes }]
  }

  close(): void {
    this.#session.close()
  }
}
