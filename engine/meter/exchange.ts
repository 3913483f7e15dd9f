import { randomUUID } from 'node:crypto'
import type { Asker, MeterEvent } from '../../contract/metering.ts'
import { AnswerReader } from './answer-reader.ts'
import type { ClientProcess } from './client-process.ts'
import { type Decompressor, decompressor } from './decompress.ts'
import { field, type Head, tokens } from './http-head.ts'
import { type Identity, personAsked } from './identify.ts'
import type { Endpoint } from './protocols/protocol.ts'
import { pathOf } from './protocols/registry.ts'
import { type RequestReader, requestReader } from './request-reader.ts'
import { countedTokens, isText, newTally, type Tally } from './tally.ts'

export type Ending = 'done' | 'failed' | 'aborted'
type EndEvent = Extract<MeterEvent, { type: 'end' }>

export type ExchangeOptions = {
  readonly endpoint: Endpoint
  readonly identity: Identity
  readonly secret: Uint8Array
  /** Who holds the other end of the connection; `null` once that is known not to be known. */
  readonly client: Promise<ClientProcess>
  /** Something has changed that is worth a report. */
  onChange(): void
  /** It has ended, and all is known of it that ever will be. */
  onSettled(exchange: Exchange): void
  /** It could not be read after all. */
  onUncounted(): void
}

const ENDPOINT_CHARACTERS = 200
const NOBODY: ClientProcess = { uid: null, pid: null, exe: null }

/** One request and its answer, read as they pass. Holds counts and hashes, and no text of either. */
export class Exchange {
  readonly id = nextId()
  /** The client reads trailers. */
  readonly takesTrailers: boolean
  #end: EndEvent | null = null
  readonly #options: ExchangeOptions
  readonly #endpoint: string
  readonly #atMs = Date.now()
  readonly #beganMs = performance.now()
  readonly #tally: Tally = newTally()
  readonly #request: RequestReader
  readonly #packedRequest: Decompressor | null
  #answer: AnswerReader | null = null
  #packedAnswer: Decompressor | null = null
  #httpStatus: number | null = null
  #ttftMs: number | null = null
  #personHash: string | null
  #client: ClientProcess | null = null
  #isAsked = false
  #toldDeltas = -1

  constructor(head: Head, options: ExchangeOptions) {
    this.#options = options
    this.#endpoint = pathOf(head.target).slice(0, ENDPOINT_CHARACTERS)
    this.takesTrailers = tokens(head, 'te').includes('trailers')
    this.#personHash = options.identity.personHash
    const request = requestReader(field(head, 'content-type') ?? '')
    this.#request = request
    this.#packedRequest = packed(head, (bytes) => request.push(bytes))
    options.client.then(
      (client) => this.#knowClient(client),
      () => this.#knowClient(NOBODY),
    )
  }

  /** `null` while it is under way. */
  get end(): EndEvent | null {
    return this.#end
  }

  /** Nothing was asked of the model: it is no request. */
  get isNone(): boolean {
    return this.#tally.asksNothing
  }

  requestBody(bytes: Buffer): void {
    if (this.#packedRequest === null) this.#request.push(bytes)
    else this.#packedRequest.push(bytes)
  }

  requestDone(): void {
    if (this.#packedRequest === null) this.#asked()
    else this.#packedRequest.end(() => this.#asked())
  }

  answerHead(head: Head): void {
    this.#httpStatus = head.status
    const { endpoint } = this.#options
    endpoint.readHead?.((name) => field(head, name), this.#tally)
    const contentType = field(head, 'content-type') ?? ''
    if (/^(?:audio|image|video)\//i.test(contentType)) return
    const answer = new AnswerReader(endpoint, this.#tally, contentType)
    this.#answer = answer
    this.#packedAnswer = packed(head, (bytes) => this.#read(bytes))
  }

  answerBody(bytes: Buffer, from: number, to: number): void {
    if (this.#packedAnswer === null) this.#read(bytes, from, to)
    else this.#packedAnswer.push(bytes.subarray(from, to))
  }

  /** The answer is through, or one of the two has gone. A packed answer is read to its end first. */
  close(ending: Ending): void {
    if (this.#end !== null) return
    const durationMs = performance.now() - this.#beganMs
    const finish = () => this.#finish(ending, durationMs)
    if (this.#packedAnswer === null) finish()
    else
      this.#packedAnswer.end((isWhole) => {
        if (!isWhole && ending === 'done') this.#options.onUncounted()
        finish()
      })
  }

  /** Counting it has failed: it ends with what is certain, so that nobody waits for it. */
  abandon(): void {
    const counts = { promptTokens: null, cachedTokens: null, completionTokens: null, images: null, audioMs: null }
    this.#end ??= {
      ...{ type: 'end', id: this.id, atMs: Date.now(), model: null, isRemote: false, ...counts },
      ...{ tokensProvenance: 'notReported', promptBytes: 0, promptMedia: 0, deltas: 0, ttftMs: null },
      ...{ durationMs: performance.now() - this.#beganMs, loadMs: null, status: 'done', httpStatus: this.#httpStatus },
    }
  }

  /** Its begin, once all is known that belongs into it. */
  begin(): MeterEvent | null {
    const isReady = this.#client !== null && (this.#isAsked || this.#httpStatus !== null)
    if (!isReady && this.#end === null) return null
    const { identity } = this.#options
    const asker: Asker = { keyHash: identity.keyHash, personHash: this.#personHash, ...(this.#client ?? NOBODY) }
    return { type: 'begin', id: this.id, atMs: this.#atMs, endpoint: this.#endpoint, asker }
  }

  /** What has become known since this was last asked; `null` where nothing has. */
  progress(): MeterEvent | null {
    const { deltas } = this.#tally
    const { promptBytes, promptMedia } = this.#request
    const seen = deltas + promptBytes
    if (seen === this.#toldDeltas) return null
    this.#toldDeltas = seen
    return { type: 'progress', id: this.id, model: this.#model(), promptBytes, promptMedia, deltas }
  }

  #asked(): void {
    const { asked } = this.#request
    this.#isAsked = true
    if (isText(asked.model)) this.#tally.requestedModel = asked.model
    this.#personHash ??= personAsked(asked, this.#options.secret)
    this.#options.endpoint.readAsked?.(asked, this.#tally)
    this.#options.onChange()
  }

  #read(bytes: Buffer, from = 0, to = bytes.length): void {
    if (this.#answer === null) return
    const before = this.#tally.deltas
    this.#answer.push(bytes, from, to)
    if (this.#tally.deltas === before) return
    this.#ttftMs ??= performance.now() - this.#beganMs
    this.#options.onChange()
  }

  #knowClient(client: ClientProcess): void {
    this.#client = client
    this.#options.onChange()
    if (this.#end !== null) this.#options.onSettled(this)
  }

  #model(): string | null {
    return this.#tally.model ?? this.#tally.requestedModel
  }

  #finish(ending: Ending, durationMs: number): void {
    this.#answer?.end()
    const isRefused = (this.#httpStatus ?? 0) >= 400
    const hasFailed = isRefused || this.#tally.hasFailed
    const { images, audioMs, loadMs, isRemote, deltas } = this.#tally
    const { promptBytes, promptMedia } = this.#request
    this.#end = {
      ...{ type: 'end', id: this.id, atMs: this.#atMs + Math.round(durationMs), model: this.#model(), isRemote },
      ...countedTokens(this.#tally, isRefused, this.#options.endpoint.delivers === 'text'),
      ...{ images: isRefused ? null : images, audioMs, promptBytes },
      ...{ promptMedia, deltas, ttftMs: this.#ttftMs, durationMs, loadMs },
      status: ending === 'done' && hasFailed ? 'failed' : ending,
      httpStatus: this.#httpStatus,
    }
    this.#options.onChange()
    if (this.#client !== null) this.#options.onSettled(this)
  }
}

/** A number of this process, and one of the request: cheaper than dice for each. */
const ours = randomUUID().replaceAll('-', '').slice(0, 8)
let requests = 0

function nextId(): string {
  requests = (requests + 1) % 2 ** 32
  return ours + requests.toString(16).padStart(8, '0')
}

function packed(head: Head, read: (bytes: Buffer) => void): Decompressor | null {
  const codings = tokens(head, 'content-encoding').filter((coding) => coding !== 'identity')
  const [coding] = codings
  if (coding === undefined) return null
  // Packed twice, or in a way that is not known here: it passes, and nothing is read of it.
  return (codings.length === 1 ? decompressor(coding, read) : null) ?? UNREAD
}

const UNREAD: Decompressor = { push: () => {}, end: (onDone) => onDone(false) }
