import { JsonScanner } from './json-scanner.ts'
import { MultipartReader } from './multipart.ts'
import type { JsonObject } from './tally.ts'

/** Where prompts stand, in all dialects. */
const PROMPT = new Set([
  ...['messages', 'prompt', 'input', 'inputs', 'system', 'instructions', 'tools', 'functions', 'suffix', 'images'],
  ...['query', 'documents', 'texts', 'input_prefix', 'input_suffix'],
])
/** What is read of a request beside its size: the model, who asked, and how many images. */
const ASKED = new Set([...['model', 'user', 'safety_identifier', 'metadata', 'n', 'batch_size', 'n_iter']])

/** What a request's body says of itself, read as it passes. */
export interface RequestReader {
  readonly promptBytes: number
  readonly promptMedia: number
  /** What was asked for; filled once the body is through. */
  readonly asked: JsonObject
  push(bytes: Buffer): void
}

/** `null` for a body that is neither JSON nor a form. */
export function requestReader(contentType: string): RequestReader {
  const boundary = /^multipart\/form-data.*?;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType)
  const name = boundary?.[1] ?? boundary?.[2]
  return name === undefined ? new JsonRequest() : new MultipartReader(name, ASKED)
}

/** Clients often forget to say that it is JSON. */
class JsonRequest implements RequestReader {
  asked: JsonObject = {}
  readonly #scanner = new JsonScanner({
    ...{ keys: ASKED, list: null, prompt: PROMPT },
    onValue: (values) => {
      this.asked = values
    },
  })

  get promptBytes(): number {
    return this.#scanner.promptBytes
  }

  get promptMedia(): number {
    return this.#scanner.promptMedia
  }

  push(bytes: Buffer): void {
    this.#scanner.push(bytes)
  }
}
