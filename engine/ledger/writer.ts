import type Database from 'better-sqlite3'
import type { AppId, DomainId, ModelId, UserId } from '../../contract/ids.ts'
import type { PendingBucket } from './accumulator.ts'
import { Buckets } from './buckets.ts'
import type { AppCell, Cells } from './cells.ts'
import { gapWriter } from './gaps.ts'
import type { ModelCell, ModelCells } from './model-cells.ts'
import { OverheadRows } from './overhead-rows.ts'
import { copyProgress, type ProgressOf, progressWriter, readProgress } from './progress.ts'
import { RequestRows } from './requests.ts'
import { type FinestS, RESOLUTIONS, type ResolutionS } from './resolutions.ts'
import { Retention } from './retention.ts'
import { closeDayForMove, rollUp } from './rollup.ts'
import { Rows } from './rows.ts'
import { appSeries, domainSeries, modelSeries, personSeries, projectSeries } from './series.ts'
import { OWN, readOwn, stateWriter } from './state.ts'
import type { LedgerApp, LedgerDomain, LedgerGap, LedgerOverhead } from './types.ts'
import type { LedgerJob, LedgerModel, LedgerOutput, LedgerPerson, LedgerProject, LedgerRequest } from './work-types.ts'
import { type HomeZone, homeZone } from './zone.ts'

/** All that one flush writes. */
export type Batch = {
  readonly domains: ReadonlyMap<DomainId, LedgerDomain>
  readonly apps: ReadonlyMap<AppId, LedgerApp>
  readonly buckets: readonly PendingBucket[]
  readonly gaps: readonly LedgerGap[]
  readonly models: ReadonlyMap<ModelId, LedgerModel>
  readonly people: ReadonlyMap<UserId, LedgerPerson>
  readonly projects: ReadonlyMap<string, LedgerProject>
  readonly outputs: readonly LedgerOutput[]
  readonly requests: readonly LedgerRequest[]
  readonly jobs: ReadonlyMap<string, LedgerJob>
  /** How many days requests are kept. */
  readonly requestDays: number
  readonly overheads: readonly LedgerOverhead[]
  readonly state: ReadonlyMap<string, string>
}

type Target = { readonly resolutionS: ResolutionS; readonly startS: number }

const PRUNE_EVERY_S = 60

/** Everything that changes rows: one batch, one transaction, one sync. */
export class Writer {
  readonly #finestS: FinestS
  readonly #zone: HomeZone
  readonly #domains
  readonly #apps
  readonly #models
  readonly #people
  readonly #projects
  readonly #requests: RequestRows
  readonly #rows: Rows
  readonly #overheads: OverheadRows
  readonly #buckets: Buckets
  readonly #retention: Retention
  readonly #writeGap
  readonly #writeState
  readonly #writeProgress
  readonly #transaction: (batch: Batch, nowS: number) => { progress: ProgressOf; prunedAtS: number }
  #progress: ProgressOf
  #prunedAtS: number
  /** Zone in which the rows so far were cut; `null` before the first. */
  #cutIn: string | null

  constructor(db: Database.Database, options: { timeZone: string; finestS: FinestS; nowS: number }) {
    this.#finestS = options.finestS
    this.#zone = homeZone(options.timeZone)
    this.#domains = domainSeries(db)
    this.#apps = appSeries(db)
    this.#models = modelSeries(db)
    this.#people = personSeries(db)
    this.#projects = projectSeries(db)
    this.#requests = new RequestRows(db)
    this.#rows = new Rows(db)
    this.#overheads = new OverheadRows(db)
    this.#buckets = new Buckets(db, this.#zone)
    this.#retention = new Retention(db, this.#rows)
    this.#writeGap = gapWriter(db)
    this.#writeState = stateWriter(db)
    this.#writeProgress = progressWriter(db)
    this.#progress = readProgress(db)
    this.#prunedAtS = Number(readOwn(db, OWN.prunedAtS) ?? options.nowS)
    const cutIn = readOwn(db, OWN.timeZone)
    this.#cutIn = cutIn === null ? null : String(cutIn)
    this.#transaction = db.transaction((batch: Batch, nowS: number) => this.#writeAll(batch, nowS)).immediate
  }

  /** The second up to which the file is written. 0 before the first flush. */
  get writtenToS(): number {
    return this.#progress[10].completeToS
  }

  /** @throws SqliteError; then nothing of the batch is in the file, and the same batch may be written again. */
  write(batch: Batch, nowS: number): void {
    try {
      const { progress, prunedAtS } = this.#transaction(batch, nowS)
      this.#progress = progress
      this.#prunedAtS = prunedAtS
      this.#cutIn = this.#zone.timeZone
    } catch (error) {
      for (const series of [this.#domains, this.#apps, this.#models, this.#people, this.#projects]) series.forget()
      throw error
    }
  }

  #writeAll(batch: Batch, nowS: number): { progress: ProgressOf; prunedAtS: number } {
    const progress = copyProgress(this.#progress)
    if (this.#cutIn !== this.#zone.timeZone) this.#moveHome(progress)
    this.#domains.write(batch.domains)
    this.#apps.write(batch.apps)
    this.#models.write(batch.models)
    this.#people.write(batch.people)
    this.#projects.write(batch.projects)
    for (const bucket of batch.buckets) this.#writeBucket(bucket, progress)
    this.#overheads.write(batch.overheads, (domain) => this.#domains.idOf(domain))
    for (const output of batch.outputs) this.#writeOutput(output, progress)
    for (const request of batch.requests) this.#requests.put(request, this.#seriesOf(request))
    for (const job of batch.jobs.values()) this.#requests.putJob(job)
    this.#noteWritten(progress, batch.buckets.at(-1)?.endS ?? 0, nowS)
    rollUp(this.#rows, this.#buckets, progress, this.#finestS, nowS)
    const prunedAtS = this.#prune(progress, nowS, batch.requestDays)
    for (const gap of batch.gaps) this.#writeGap(gap)
    for (const [key, json] of batch.state) this.#writeState(key, json)
    this.#writeProgress(this.#progress, progress)
    return { progress, prunedAtS }
  }

  #moveHome(progress: ProgressOf): void {
    if (this.#cutIn !== null) closeDayForMove(this.#rows, progress)
    this.#writeState(OWN.timeZone, JSON.stringify(this.#zone.timeZone))
  }

  /** Late data for a bucket that is rolled up already is added at each of those resolutions too. */
  #writeBucket(bucket: PendingBucket, progress: ProgressOf): void {
    const targets: Target[] = [{ resolutionS: this.#finestS, startS: bucket.startS }]
    let startS = bucket.startS
    for (const resolutionS of RESOLUTIONS) {
      const { completeToS } = progress[resolutionS]
      if (resolutionS <= this.#finestS || startS >= completeToS) continue
      // A day holds the hours that start in it, so it is found by the hour's start.
      const rolled = this.#buckets.holding(resolutionS, startS, completeToS)
      this.#rows.noteBucket(resolutionS, rolled)
      startS = rolled.startS
      targets.push({ resolutionS, startS })
    }
    const cells = this.#numbered(bucket)
    const models = this.#numberedModels(bucket)
    for (const target of targets) {
      this.#rows.add(target.resolutionS, target.startS, cells)
      this.#rows.addModels(target.resolutionS, target.startS, models)
    }
  }

  /** Into its hour, and into its day where that is rolled up already. */
  #writeOutput(output: LedgerOutput, progress: ProgressOf): void {
    const counts = [
      output.promptTokens,
      output.cachedTokens,
      output.outputTokens,
      output.estimatedTokens,
      output.requests,
      output.failedRequests,
      output.unreportedRequests,
      output.images,
      output.audioMs,
      output.requestMj,
      output.requestEstimatedMj,
      output.requestVarMj2,
    ].map((count) => (count === null ? null : Math.round(count)))
    const numbered = {
      ...this.#seriesOf(output),
      isRemote: output.isRemote ? (1 as const) : (0 as const),
      counts,
      lastS: output.atS,
    }
    const hour = this.#buckets.holding(3_600, output.atS, progress[3_600].completeToS)
    this.#rows.noteBucket(3_600, hour)
    this.#rows.addOutput(3_600, hour.startS, numbered)
    const { completeToS } = progress[86_400]
    if (hour.startS >= completeToS) return
    const day = this.#buckets.holding(86_400, hour.startS, completeToS)
    this.#rows.noteBucket(86_400, day)
    this.#rows.addOutput(86_400, day.startS, numbered)
  }

  #seriesOf({ app, model, user, project }: Pick<LedgerRequest, 'app' | 'model' | 'user' | 'project'>) {
    return {
      app: app === null ? 0 : this.#apps.idOf(app),
      model: model === null ? 0 : this.#models.idOf(model),
      person: user === null ? 0 : this.#people.idOf(user),
      project: project === null ? 0 : this.#projects.idOf(project),
    }
  }

  #numberedModels(bucket: PendingBucket): ModelCells {
    const cells = new Map<number, ModelCell>()
    for (const [model, cell] of bucket.models) cells.set(this.#models.idOf(model), cell)
    return cells
  }

  /** By row ids, and with variances as the file holds them. */
  #numbered(bucket: PendingBucket): Cells {
    const cells: Cells = new Map()
    for (const [domain, { apps, ...cell }] of bucket.cells) {
      const numbered = new Map<number, AppCell>()
      for (const [app, share] of apps)
        numbered.set(this.#apps.idOf(app), { ...share, varMj2: Math.round(share.varMj2) })
      cells.set(this.#domains.idOf(domain), { ...cell, varMj2: Math.round(cell.varMj2), apps: numbered })
    }
    return cells
  }

  /** Where the finest rows are coarser than 10 s (a simulation's), finer ones do not exist and these are complete at once. */
  #noteWritten(progress: ProgressOf, lastEndS: number, nowS: number): void {
    if (this.#finestS > 10) {
      const finest = progress[this.#finestS]
      finest.completeToS = Math.max(finest.completeToS, lastEndS, Math.floor(nowS / this.#finestS) * this.#finestS)
      for (const resolutionS of RESOLUTIONS)
        if (resolutionS < this.#finestS)
          Object.assign(progress[resolutionS], { completeToS: finest.completeToS, keptFromS: finest.completeToS })
    }
    progress[10].completeToS = nowS
  }

  #prune(progress: ProgressOf, nowS: number, requestDays: number): number {
    if (nowS - this.#prunedAtS < PRUNE_EVERY_S) return this.#prunedAtS
    const prunedAtS = this.#retention.prune(progress, this.#prunedAtS, nowS)
    this.#requests.fold(prunedAtS, requestDays)
    this.#overheads.prune(prunedAtS)
    this.#writeState(OWN.prunedAtS, JSON.stringify(prunedAtS))
    return prunedAtS
  }
}
