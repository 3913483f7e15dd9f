import type { Stretch } from '../../contract/lab.ts'
import type { Result } from '../../contract/result.ts'
import type { LabModel } from './plan.ts'

/** What one request gave. Times by the lab's own clock. */
export type ChatAnswer = {
  readonly ttftMs: number | null
  readonly promptTokens: number | null
  readonly outputTokens: number
  readonly isEstimate: boolean
}

export type Chat = {
  readonly text: string
  readonly maxTokens: number
  readonly contextTokens: number | null
}

/** What a lab needs of the world: an engine that measures, servers that answer, and time. */
export type LabWorld = {
  readonly nowMs: () => number
  /** Ends early, and without a word, where the lab is stopped. */
  readonly wait: (lengthMs: number) => Promise<void>
  readonly mark: () => Promise<Result<number>>
  readonly energyBetween: (app: LabModel['app'], fromMs: number, toMs: number) => Promise<Result<Stretch>>
  readonly chat: (model: LabModel, chat: Chat) => Promise<Result<ChatAnswer>>
  readonly unload: (model: LabModel) => Promise<Result<unknown>>
  /** Aborted: by Ctrl-C, or because the engine went away. */
  readonly stop: AbortSignal
}
