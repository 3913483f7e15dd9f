import { z } from 'zod'

/**
 * GET /sdapi/v1/progress (modules/api/models.py, modules/shared_state.py). `job_no` is the batch that is worked on, from 0; `job_count` how many
 * there will be, −1 before that is known and 0 when all is done; `job_timestamp` the second in which the job began.
 */
export const A1111Progress = z.object({
  state: z.object({
    job: z.string().nullish(),
    job_count: z.int().min(-1),
    job_no: z.int().nonnegative(),
    job_timestamp: z.string().nullish(),
    interrupted: z.boolean().nullish(),
    skipped: z.boolean().nullish(),
  }),
})
export type A1111State = z.infer<typeof A1111Progress>['state']

/** More batches than one job can have: a number beyond it is nonsense. */
const MOST_BATCHES = 10_000

/** Counts finished batches: a lower bound of images, of jobs from the web UI and the API alike. Never falls. */
export class A1111Images {
  total = 0
  #last: A1111State | null = null

  get isWorking(): boolean {
    return this.#last !== null && isAtWork(this.#last)
  }

  /** `true` where a job began or ended since the last look. */
  take(now: A1111State): boolean {
    const last = this.#last
    this.#last = now
    if (last === null) return true
    const isSameJob = (last.job_timestamp ?? '') === (now.job_timestamp ?? '')
    const hasMoved = !isSameJob || isAtWork(last) !== isAtWork(now)
    this.#add(isSameJob ? delivered(last, now) : finished(last) + batchesOf(now))
    return hasMoved
  }

  #add(batches: number): void {
    if (batches > 0 && batches <= MOST_BATCHES) this.total += batches
  }
}

function isAtWork({ job, job_count }: A1111State): boolean {
  return (job ?? '') !== '' || job_count > 0
}

/** Within one job. At its end some versions leave `job_no` where it was, others set it to 0. */
function delivered(last: A1111State, now: A1111State): number {
  const rise = now.job_no - last.job_no
  if (rise > 0) return rise
  return isAtWork(last) && !isAtWork(now) && now.interrupted !== true ? finished(last) : 0
}

/** The batch that was under way when the job was last seen, and that nobody stopped. */
function finished(last: A1111State): number {
  return last.job_count > 0 && last.job_no < last.job_count && last.interrupted !== true ? 1 : 0
}

/** Of a job that was not seen before: what it has behind it. */
function batchesOf(now: A1111State): number {
  return now.job_no
}
