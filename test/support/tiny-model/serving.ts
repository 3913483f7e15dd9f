import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { type Generate, pieceOf, tokensOf } from './generator.ts'

export type Served = {
  readonly name: string
  readonly path: string
  readonly parameters: number
  readonly contextTokens: number
  readonly generate: Generate
}

/** One answer as it was given. */
export type Answered = { readonly promptTokens: number; readonly outputTokens: number; readonly text: string }

/** The model that is served, and what it delivered since the start, as llama-server counts it: when a request has ended. */
export class Serving {
  readonly model: Served
  promptTokens = 0
  outputTokens = 0
  outputMs = 0
  processing = 0
  /** What was written after each prompt the first time. Beside others a sum is rounded in another order, and now and then another token wins. */
  readonly #written = new Map<string, number[]>()

  constructor(model: Served) {
    this.model = model
  }

  /** Whoever asked is told each piece as it comes; who has gone is not written for any longer. */
  async answer(
    prompt: string,
    mostTokens: number,
    response: ServerResponse,
    onPiece: (piece: string) => void,
  ): Promise<Answered> {
    const tokens = tokensOf(prompt)
    const written = this.#written.get(prompt) ?? []
    this.#written.set(prompt, written)
    const pieces: string[] = []
    const beganMs = performance.now()
    this.processing += 1
    try {
      for await (const token of this.model.generate(tokens)) {
        if (response.destroyed) break
        const said = written[pieces.length] ?? token
        written[pieces.length] = said
        const piece = pieceOf(said)
        pieces.push(piece)
        onPiece(piece)
        if (pieces.length >= mostTokens) break
      }
    } finally {
      this.processing -= 1
      this.promptTokens += tokens.length
      this.outputTokens += pieces.length
      this.outputMs += performance.now() - beganMs
    }
    return { promptTokens: tokens.length, outputTokens: pieces.length, text: pieces.join('') }
  }
}

/** The same for the same question. */
export function idOf(asked: string): string {
  return createHash('sha256').update(asked).digest('hex').slice(0, 16)
}
