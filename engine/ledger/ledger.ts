import { statSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import type { AppId, DomainId, ModelId, UserId } from '../../contract/ids.ts'
import { ok, problem, type Remedy, type Result } from '../../contract/result.ts'
import { Accumulator } from './accumulator.ts'
import { backUpDaily } from './backup.ts'
import { type Fault, faultOf } from './faults.ts'
import { ensureDirectory, LEDGER_FILE } from './files.ts'
import { joinGap } from './gaps.ts'
import { lockForWriting, type WriterLock } from './lock.ts'
import { mergedOutputs } from './merged-outputs.ts'
import { cannotOpen, type OpenCode, type OpenFile, openFile } from './open-file.ts'
import { mergePeople, namePerson } from './people.ts'
import type { FinestS } from './resolutions.ts'
import { OWN, readState } from './state.ts'
import type {
  LedgerApp,
  LedgerDomain,
  LedgerGap,
  LedgerInterval,
  LedgerNotice,
  LedgerOverhead,
  LedgerStatus,
} from './types.ts'
import type {
  LedgerJob,
  LedgerModel,
  LedgerModelInterval,
  LedgerOutput,
  LedgerPerson,
  LedgerProject,
  LedgerRequest,
} from './work-types.ts'
import { Writer } from './writer.ts'

export type LedgerOptions = {
  readonly directory: string
  /** IANA home zone, in which hours and days are cut. */
  readonly timeZone: string
  readonly nowS: number
  /** `off` for simulations: a power loss may cost the file. */
  readonly synchronous: 'full' | 'off'
  /** A simulation may keep no rows finer than this. */
  readonly finestS?: FinestS
}

const BACKUP_EVERY_S = 86_400
const BACKUP_RETRY_S = 3_600
/** A day of one meter's minutes waits while the disk takes nothing. */
const MOST_OVERHEADS = 1_440
/** Requests that wait with them; what the oldest beyond it delivered is in the outputs all the same. */
const MOST_REQUESTS = 20_000
const WRITING: LedgerStatus = { state: 'writing', reason: null, remedy: null }

/** Opens the one writer of a data directory, making both where there is none. DESIGN §3 "Ledger". */
export function openLedger(
  options: LedgerOptions,
): Result<{ ledger: Ledger; notices: readonly LedgerNotice[] }, OpenCode> {
  try {
    ensureDirectory(options.directory)
  } catch (error) {
    return cannotOpen(error, options.directory)
  }
  const lock = lockForWriting(options.directory)
  if (!lock.ok) return lock
  const file = openFile(options.directory, options)
  if (!file.ok) {
    lock.value.release()
    return file
  }
  const ledger = new Ledger(options, lock.value, file.value)
  return ok({ ledger, notices: ledger.notices })
}

/**
 * The history of one machine. `record`, `gap` and `describe…` only touch memory; `flush` writes all of it in one synced
 * transaction, so that a kill loses what came after the last flush and nothing before it.
 */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #lock: WriterLock
  readonly #notices: LedgerNotice[] = []
  readonly #domains = new Map<DomainId, LedgerDomain>()
  readonly #apps = new Map<AppId, LedgerApp>()
  readonly #models = new Map<ModelId, LedgerModel>()
  readonly #people = new Map<UserId, LedgerPerson>()
  readonly #projects = new Map<string, LedgerProject>()
  readonly #pending: Accumulator
  readonly #state: Map<string, string>
  readonly #unsavedState = new Map<string, string>()
  #gaps: LedgerGap[] = []
  #outputs: LedgerOutput[] = []
  #requests: LedgerRequest[] = []
  #jobs = new Map<string, LedgerJob>()
  #requestDays = 14
  #overheads: LedgerOverhead[] = []
  #status: LedgerStatus = WRITING
  #db: Database.Database
  #writer: Writer
  #nextBackupS: number

  constructor(options: LedgerOptions, lock: WriterLock, file: OpenFile) {
    this.#options = options
    this.#lock = lock
    this.#pending = new Accumulator(options.finestS ?? 10)
    this.#db = file.db
    this.#writer = this.#begin(file, options.nowS)
    this.#state = readState(file.db)
    const backedUpS = this.#state.get(OWN.backedUpS)
    this.#nextBackupS = backedUpS === undefined ? options.nowS : Number(backedUpS) + BACKUP_EVERY_S
  }

  /** The time since the last flush of the file is a gap: nobody measured then, or what was measured is lost. */
  #begin({ db, notice }: OpenFile, nowS: number): Writer {
    const writer = new Writer(db, {
      timeZone: this.#options.timeZone,
      finestS: this.#options.finestS ?? 10,
      nowS,
    })
    if (notice !== null) this.#notices.push(notice)
    if (writer.writtenToS > 0)
      this.gap({ fromS: writer.writtenToS, toS: nowS, cause: notice === null ? 'restart' : 'lost' })
    return writer
  }

  /** What happened to the file, at the start or since. */
  get notices(): readonly LedgerNotice[] {
    return this.#notices
  }

  get status(): LedgerStatus {
    return this.#status
  }

  /** Size of the file and its log. */
  get bytes(): number {
    const file = join(this.#options.directory, LEDGER_FILE)
    return bytesOf(file) + bytesOf(`${file}-wal`)
  }

  describeDomain(domain: LedgerDomain): void {
    if (!sameFields(this.#domains.get(domain.id), domain)) this.#domains.set(domain.id, { ...domain })
  }

  describeApp(app: LedgerApp): void {
    if (!sameFields(this.#apps.get(app.id), app)) this.#apps.set(app.id, { ...app })
  }

  describeModel(model: LedgerModel): void {
    if (!sameFields(this.#models.get(model.id), model)) this.#models.set(model.id, { ...model })
  }

  describePerson(person: LedgerPerson): void {
    if (!sameFields(this.#people.get(person.id), person)) this.#people.set(person.id, { ...person })
  }

  describeProject(project: LedgerProject): void {
    if (!this.#projects.has(project.id)) this.#projects.set(project.id, { ...project })
  }

  /** How many days requests are kept before they are folded into the hours. */
  keepRequestsFor(days: number): void {
    this.#requestDays = days
  }

  /** @throws where a model was never described: a bug of the caller. */
  recordModels(interval: LedgerModelInterval): void {
    for (const { model } of interval.shares)
      if (!this.#models.has(model)) throw new Error(`${model} was never described`)
    this.#pending.addModels(interval)
  }

  /** @throws where something that it names was never described. */
  recordOutput(output: LedgerOutput): void {
    this.#expectDescribed(output)
    this.#outputs.push(output)
  }

  /** @throws where something that it names was never described. */
  recordRequest(request: LedgerRequest): void {
    this.#expectDescribed(request)
    this.#requests.push(request)
  }

  recordJob(job: LedgerJob): void {
    this.#jobs.set(job.id, job)
  }

  /** What its owner calls somebody; `null` forgets it. Written at once. */
  namePerson(id: UserId, label: string | null): Result<null, 'unknownUser' | 'ledgerUnusable'> {
    return this.#writePeople((db) => namePerson(db, id, label))
  }

  /** Counts somebody as somebody else, or as themselves again. Written at once. */
  mergePeople(id: UserId, into: UserId | null): Result<null, 'unknownUser' | 'ledgerUnusable'> {
    return this.#writePeople((db) => mergePeople(db, id, into))
  }

  #writePeople(write: (db: Database.Database) => boolean): Result<null, 'unknownUser' | 'ledgerUnusable'> {
    const unusable = problem('ledgerUnusable', `The history in ${this.#options.directory} cannot be written now.`)
    if (!this.#db.open) return unusable
    try {
      const isDone = this.#db.transaction(() => write(this.#db)).immediate()
      return isDone ? ok(null) : problem('unknownUser', 'There is no such user, or both are one already.')
    } catch (error) {
      if (faultOf(error) === null) throw error
      return unusable
    }
  }

  #expectDescribed({ app, model, user, project }: Pick<LedgerRequest, 'app' | 'model' | 'user' | 'project'>): void {
    const isKnown =
      (app === null || this.#apps.has(app)) &&
      (model === null || this.#models.has(model)) &&
      (user === null || this.#people.has(user)) &&
      (project === null || this.#projects.has(project))
    if (!isKnown) throw new Error(`one of ${app}, ${model}, ${user}, ${project} was never described`)
  }

  /** @throws where the interval does not add up, or its domain or an app was never described: bugs of the caller. */
  record(interval: LedgerInterval): void {
    if (!this.#domains.has(interval.domain)) throw new Error(`${interval.domain} was never described`)
    let sumMj = interval.idleMj + interval.otherMj
    for (const share of interval.shares) {
      if (!this.#apps.has(share.app)) throw new Error(`${share.app} was never described`)
      sumMj += share.activeMj + share.idleMj
    }
    if (sumMj !== interval.energyMj)
      throw new Error(`${interval.domain}: parts of ${sumMj} mJ of ${interval.energyMj} mJ`)
    this.#pending.add(interval)
  }

  /** @throws where its meter was never described. */
  recordOverhead(overhead: LedgerOverhead): void {
    if (!this.#domains.has(overhead.domain)) throw new Error(`${overhead.domain} was never described`)
    this.#overheads.push(overhead)
    if (this.#overheads.length > MOST_OVERHEADS) this.#overheads.shift()
  }

  gap(gap: LedgerGap): void {
    joinGap(this.#gaps, gap)
  }

  /** JSON text kept under a key; `null` where nothing was saved. */
  state(key: string): string | null {
    return this.#state.get(key) ?? null
  }

  /** Written with the next flush. */
  saveState(key: string, json: string): void {
    if (key.startsWith('ledger.')) throw new Error(`${key} is the ledger's own`)
    this.#save(key, json)
  }

  #save(key: string, json: string): void {
    this.#state.set(key, json)
    this.#unsavedState.set(key, json)
  }

  /**
   * Writes everything recorded so far, synced. What the disk does not take stays in memory and is tried again at the next flush:
   * two hours at the finest resolution, a day in minutes; what is older becomes a gap `lost`.
   */
  flush(nowS: number): Result<null, 'diskFull' | 'failing'> {
    let fault = this.#db.open ? this.#tryToWrite(nowS) : 'corrupt'
    for (const successor of ['backup', 'anew'] as const)
      if (fault === 'corrupt') fault = this.#replaceFile(nowS, successor) ?? this.#tryToWrite(nowS)
    if (fault !== null) return this.#keepPending(fault === 'diskFull')
    this.#status = WRITING
    return ok(null)
  }

  /** One transaction, or several where much has waited; each takes what it wrote out of the memory. */
  #tryToWrite(nowS: number): Fault | null {
    try {
      do {
        const chunk = this.#pending.oldest()
        const isLast = chunk.taken.length === this.#pending.size
        const gaps = this.#gaps
        const batch = {
          domains: this.#domains,
          apps: this.#apps,
          buckets: chunk.buckets,
          gaps,
          overheads: this.#overheads,
          state: this.#unsavedState,
          models: this.#models,
          people: this.#people,
          projects: this.#projects,
          outputs: this.#outputs,
          requests: this.#requests,
          jobs: this.#jobs,
          requestDays: this.#requestDays,
        }
        this.#writer.write(batch, isLast ? nowS : (chunk.buckets.at(-1)?.endS ?? nowS))
        this.#pending.drop(chunk)
        this.#unsavedState.clear()
        this.#gaps = []
        this.#outputs = []
        this.#requests = []
        this.#jobs = new Map()
        this.#overheads = []
      } while (this.#pending.size > 0)
      return null
    } catch (error) {
      const fault = faultOf(error)
      if (fault === null) throw error
      return fault
    }
  }

  /**
   * The file broke while in use: as at the start it is set aside, and what waits in memory goes into its successor. Damage that
   * the check of a backup does not see comes back with it: then a new history begins.
   */
  #replaceFile(nowS: number, damagedGoOnWith: 'backup' | 'anew'): Fault | null {
    this.#db.close()
    const { directory, synchronous } = this.#options
    const file = openFile(directory, { nowS, synchronous, damagedGoOnWith })
    if (!file.ok) return file.code === 'diskFull' ? 'diskFull' : 'failing'
    this.#db = file.value.db
    this.#writer = this.#begin(file.value, nowS)
    for (const [key, json] of this.#state) if (!key.startsWith('ledger.')) this.#unsavedState.set(key, json)
    return null
  }

  #keepPending(full: boolean): Result<null, 'diskFull' | 'failing'> {
    for (const { startS, endS } of this.#pending.compact()) this.gap({ fromS: startS, toS: endS, cause: 'lost' })
    this.#outputs = mergedOutputs(this.#outputs)
    this.#requests = this.#requests.slice(-MOST_REQUESTS)
    const { directory } = this.#options
    const remedy: Remedy = { kind: 'command', argv: ['df', '-h', directory], asRoot: false }
    const what = full ? `The disk that holds ${directory} is full` : `The history in ${directory} cannot be written`
    const reason = `${what}; what is measured waits in memory, for a day at most.`
    this.#status = { state: full ? 'full' : 'failing', reason, remedy }
    return problem(full ? 'diskFull' : 'failing', reason, remedy)
  }

  /** Makes the daily backup where one is due, in slices between ticks; `null` where none is. One that fails is tried again in an hour. */
  async backUpIfDue(nowS: number): Promise<Result<string | null, 'diskFull' | 'failing'>> {
    if (nowS < this.#nextBackupS || this.#status.state !== 'writing') return ok(null)
    this.#nextBackupS = nowS + BACKUP_RETRY_S
    const result = await backUpDaily(this.#db, this.#options.directory, nowS)
    if (!result.ok) return result
    this.#nextBackupS = nowS + BACKUP_EVERY_S
    this.#save(OWN.backedUpS, JSON.stringify(nowS))
    return result
  }

  /** Flushes and ends; the ledger takes nothing after it. */
  close(nowS: number): Result<null, 'diskFull' | 'failing'> {
    const flushed = this.flush(nowS)
    this.#db.close()
    this.#lock.release()
    return flushed
  }
}

function sameFields<T extends object>(known: T | undefined, given: T): boolean {
  if (known === undefined) return false
  return (Object.keys(given) as (keyof T)[]).every((field) => known[field] === given[field])
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
