import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BEGIN_TOKEN, FIRST_BYTE_TOKEN } from './gguf.ts'

/** Reads a prompt and writes tokens, one by one; what has begun goes on until whoever asked stops reading. */
export type Generate = (prompt: readonly number[]) => AsyncIterable<number>

/** Requests that are worked on at once; more wait. */
export const SLOTS = 4
const SLOT_TOKENS = 2_048

/** A token a byte. */
export function tokensOf(text: string): number[] {
  return [BEGIN_TOKEN, ...Array.from(Buffer.from(text), (byte) => FIRST_BYTE_TOKEN + byte)]
}

/** What stands for a token in an answer: a model that knows nothing writes nothing that could be read. */
export function pieceOf(token: number): string {
  return String.fromCharCode(97 + (token % 26))
}

/**
 * llama.cpp with one thread: its threads wait for each other by spinning, which on a machine of few cores takes all of them. The likeliest token
 * is taken each time, so that the same prompt has the same answer.
 */
export async function llamaGenerate(packages: string, modelPath: string): Promise<Generate> {
  const { load } = await import(pathToFileURL(join(packages, 'load.mjs')).href)
  const { getLlama } = await load('node-llama-cpp')
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: 'error' })
  const model = await llama.loadModel({ modelPath })
  const context = await model.createContext({ contextSize: SLOT_TOKENS, sequences: SLOTS, threads: 1 })
  const free = Array.from({ length: SLOTS }, () => context.getSequence())
  const waiting: (() => void)[] = []
  return async function* generate(prompt) {
    while (free.length === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    const sequence = free.pop()
    try {
      yield* sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })
    } finally {
      // Nothing of it is used again: the same prompt is read anew each time.
      await sequence.clearHistory()
      free.push(sequence)
      waiting.shift()?.()
    }
  }
}
