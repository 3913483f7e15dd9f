import { Worker } from 'node:worker_threads'
import { problem, type Result } from '../../contract/result.ts'
import type { Cancel, Clock } from '../clock/clock.ts'
import type { Answer, QuestionInput, QuestionName } from './queries/questions.ts'
import type { Answered, Asked } from './query-thread.ts'
import type { ReadCode } from './reader.ts'

export type QueryClient = {
  ask<N extends QuestionName>(name: N, input: QuestionInput<N>): Promise<Result<Answer<N>, ReadCode>>
  /** Whether the thread exists now. */
  readonly isRunning: boolean
  close(): Promise<void>
}

const ENDS_AFTER_MS = 30_000
const CRASHED = 'The thread that answers questions about the history ended unexpectedly; asking again starts a new one.'

type Waiting = (result: Result<unknown, ReadCode>) => void

/**
 * Puts questions to a thread of its own with a read-only connection, so that no query holds up a tick. The thread is started by
 * the first question and ends 30 s after the last answer, since its memory is needed only while somebody looks.
 */
export function queryClient(options: {
  directory: string
  clock: Clock
  /** Where the bundle keeps query-thread.ts. */
  threadFile?: URL
}): QueryClient {
  const threadFile = options.threadFile ?? new URL('./query-thread.ts', import.meta.url)
  const waiting = new Map<number, Waiting>()
  let thread: Worker | null = null
  let nextId = 0
  let cancelEnd: Cancel = () => {}

  function start(): Worker {
    const started = new Worker(threadFile, { workerData: { directory: options.directory } })
    started.on('message', ({ id, result }: Answered) => {
      waiting.get(id)?.(result)
      waiting.delete(id)
      if (waiting.size === 0) endLater()
    })
    started.on('error', () => crashed(started))
    started.on('exit', () => crashed(started))
    return started
  }

  function crashed(ended: Worker): void {
    if (thread !== ended) return
    thread = null
    cancelEnd()
    for (const answer of waiting.values()) answer(problem('ledgerUnusable', CRASHED))
    waiting.clear()
  }

  /** An idle thread keeps no process alive. */
  function endLater(): void {
    thread?.unref()
    cancelEnd()
    cancelEnd = options.clock.after(ENDS_AFTER_MS, () => void end(), { background: true })
  }

  async function end(): Promise<void> {
    cancelEnd()
    const ending = thread
    if (ending === null) return
    crashed(ending)
    await ending.terminate()
  }

  return {
    get isRunning() {
      return thread !== null
    },
    ask<N extends QuestionName>(name: N, input: QuestionInput<N>) {
      cancelEnd()
      thread ??= start()
      thread.ref()
      const asked: Asked = { id: nextId++, name, input }
      const { promise, resolve } = Promise.withResolvers<Result<Answer<N>, ReadCode>>()
      // The answer to a question has that question's type: query-thread.ts answers from the same registry.
      waiting.set(asked.id, (result) => resolve(result as Result<Answer<N>, ReadCode>))
      thread.postMessage(asked)
      return promise
    },
    close: end,
  }
}
