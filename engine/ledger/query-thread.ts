import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import type { Result } from '../../contract/result.ts'
import type { QuestionInput, QuestionName } from './queries/questions.ts'
import { openReader, type ReadCode } from './reader.ts'

export type Asked = { readonly id: number; readonly name: QuestionName; readonly input: QuestionInput<QuestionName> }
export type Answered = { readonly id: number; readonly result: Result<unknown, ReadCode> }

const { directory } = z.object({ directory: z.string() }).parse(workerData)
const port = parentPort
if (port === null) throw new Error('the query thread is started by query-client.ts')

let reader = openReader(directory)
/** Both ends are compiled together: the client's types hold here. */
port.on('message', ({ id, name, input }: Asked) => {
  // There may be no history yet when the first question comes.
  if (!reader.ok) reader = openReader(directory)
  const result: Answered['result'] = reader.ok ? reader.value.ask(name, input) : reader
  port.postMessage({ id, result } satisfies Answered)
})
