import { z } from 'zod'
import { ok, type Result } from '../../contract/result.ts'
import type { Ask, ServerFault } from './connector.ts'
import { askJson, Count, parsedJson, statusFault } from './json-answer.ts'

/** What one finished job delivered. `model`: the file that its graph loaded; `null` where it loaded several, or none that we know. */
export type FinishedJob = {
  readonly id: string
  readonly images: number
  readonly model: string | null
  /** `false`: its outputs were counted with their previews. */
  readonly isExact: boolean
}

export type FinishedList =
  /** `/api/jobs`: counts alone. */
  | { readonly kind: 'brief'; readonly jobs: readonly { readonly id: string; readonly outputs: number }[] }
  /** `/history` of older versions: all of each job. */
  | { readonly kind: 'whole'; readonly jobs: readonly FinishedJob[] }
  /** The same, and more than can be read. */
  | { readonly kind: 'unreadable' }

export const MOST_LISTED = 32
/** Newest first; execution keeps the order, so that what is new stands at the top. */
const BRIEF = `/api/jobs?status=completed&sort_by=created_at&sort_order=desc&limit=${MOST_LISTED}`
const WHOLE = '/history?max_items=20'

const Jobs = z.object({
  jobs: z.array(z.object({ id: z.string().min(1), status: z.string(), outputs_count: Count.nullish() })),
})
/** Prompts are in here: only file names leave this shape. A linked input is a list, and names no file. */
const FileName = z.string().min(1).optional().catch(undefined)
const Graph = z.record(
  z.string(),
  z.object({ inputs: z.object({ ckpt_name: FileName, unet_name: FileName }).catch({}) }).catch({ inputs: {} }),
)
const Outputs = z.record(
  z.string(),
  z.object({ images: z.array(z.object({ filename: z.string(), type: z.string() })).catch([]) }).catch({ images: [] }),
)
const Entry = z.object({
  prompt: z.array(z.unknown()),
  outputs: Outputs,
  status: z.object({ completed: z.boolean() }).nullish(),
})
const History = z.record(z.string(), Entry)

const VIDEO = /\.(mp4|webm|mkv|mov)$/i

/** The newest finished jobs. @param isBriefKnown whether this version has `/api/jobs`; `null` before that was asked. */
export async function listFinished(ask: Ask, isBriefKnown: boolean | null): Promise<Result<FinishedList, ServerFault>> {
  if (isBriefKnown !== false) {
    const answer = await ask(BRIEF)
    if (!answer.ok) return answer
    if (answer.value.status !== 404) {
      const jobs = statusFault(answer.value, BRIEF) ?? parsedJson(answer.value, Jobs)
      if (!jobs.ok) return jobs
      const finished = jobs.value.jobs.filter(({ status }) => status === 'completed')
      return ok({ kind: 'brief', jobs: finished.map(({ id, outputs_count }) => ({ id, outputs: outputs_count ?? 0 })) })
    }
  }
  const history = await askJson(ask, WHOLE, History)
  if (!history.ok) return history.code === 'foreign' ? ok({ kind: 'unreadable' }) : history
  const finished = Object.entries(history.value).filter(([, entry]) => entry.status?.completed !== false)
  return ok({ kind: 'whole', jobs: finished.map(([id, entry]) => jobOf(id, entry)).reverse() })
}

/** One job in full; where that is too much to read, or gone, by its count alone. */
export async function finishedJob(ask: Ask, id: string, outputs: number): Promise<Result<FinishedJob, ServerFault>> {
  const history = await askJson(ask, `/history/${encodeURIComponent(id)}`, History)
  if (!history.ok && history.code !== 'foreign') return history
  const entry = history.ok ? history.value[id] : undefined
  return ok(entry === undefined ? { id, images: outputs, model: null, isExact: false } : jobOf(id, entry))
}

function jobOf(id: string, { prompt, outputs }: z.infer<typeof Entry>): FinishedJob {
  // `temp` files are previews.
  const images = Object.values(outputs).flatMap((node) => node.images.filter(({ type }) => type === 'output'))
  return {
    id,
    images: images.filter(({ filename }) => !VIDEO.test(filename)).length,
    model: modelIn(prompt[2]),
    isExact: true,
  }
}

function modelIn(graph: unknown): string | null {
  const nodes = Graph.safeParse(graph)
  if (!nodes.success) return null
  const files = new Set(
    Object.values(nodes.data).flatMap(({ inputs }) =>
      [inputs.ckpt_name, inputs.unet_name].filter((one) => one !== undefined),
    ),
  )
  return files.size === 1 ? ([...files][0] ?? null) : null
}
