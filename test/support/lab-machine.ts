import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { askChat } from '../../cli/lab/ask-chat.ts'
import type { Stretch } from '../../contract/lab.ts'
import { ok } from '../../contract/result.ts'
import type { LabModel } from '../../engine/lab/plan.ts'
import type { LabWorld } from '../../engine/lab/world.ts'
import { httpServer } from './loopback.ts'

export type ModelTruth = {
  readonly msPerToken: number
  readonly activeW: number
  readonly tokens: number
  /** `none`: streams without usage. */
  readonly usage?: 'none'
}

type Segment = { readonly fromMs: number; readonly toMs: number; readonly powerW: number; readonly othersRatio: number }

/**
 * A machine under virtual time with a server of its own on loopback, which streams as OpenAI's documentation says, and an engine that tells the
 * exact integral of the watts below. Time moves when the lab waits or a token is made, so nothing sleeps and every figure has a true value.
 */
export class LabMachine {
  readonly idleW = 3
  readonly floorW = 10
  readonly stopping = new AbortController()
  readonly models: Map<string, ModelTruth>
  /** Bodies of the chats in order. */
  readonly asked: { readonly model: string; readonly text: string; readonly at: number }[] = []
  origin = ''
  nowMs = 1_000
  /** CPU time of others ÷ all, from now on. */
  othersRatio = 0
  isSilent = false
  /** Called before each chat is answered. */
  onChat: (count: number) => void = () => {}
  /** Answers in its place where it returns true. */
  misbehave: (model: string, response: ServerResponse) => boolean = () => false
  #segments: Segment[] = []
  #inFlight = 0

  constructor(models: Readonly<Record<string, ModelTruth>>) {
    this.models = new Map(Object.entries(models))
  }

  async listen(): Promise<void> {
    this.origin = await httpServer((request, response) => void this.#answer(request, response))
  }

  world(): LabWorld {
    const stop = this.stopping.signal
    return {
      nowMs: () => this.nowMs,
      wait: async (lengthMs) => this.#pass(lengthMs, this.idleW),
      mark: async () => ok(this.nowMs),
      energyBetween: async (_, fromMs, toMs) => ok(this.#stretch(fromMs, toMs)),
      chat: (model: LabModel, chat) => askChat(model, chat, () => this.nowMs, stop),
      unload: async () => ok(null),
      stop,
    }
  }

  #pass(lengthMs: number, powerW: number): void {
    const segment = { fromMs: this.nowMs, toMs: this.nowMs + lengthMs, powerW, othersRatio: this.othersRatio }
    this.#segments.push(segment)
    this.nowMs = segment.toMs
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request) body += chunk
    const { model, messages, max_tokens } = JSON.parse(body)
    this.asked.push({ model, text: messages[0].content, at: this.#inFlight })
    this.onChat(this.asked.length)
    const truth = this.models.get(model)
    if (this.misbehave(model, response)) return
    if (truth === undefined) return void response.writeHead(404).end('{"error":{"message":"no such model"}}')
    this.#inFlight++
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const tokens = Math.min(truth.tokens, max_tokens)
    for (let made = 0; made < tokens; made++) {
      // At work on several, each is as much slower: the pace of the server is the same.
      this.#pass(truth.msPerToken, truth.activeW)
      response.write('data: {"choices":[{"index":0,"delta":{"content":"so "}}]}\n\n')
      await turn()
    }
    this.#inFlight--
    const usage = JSON.stringify({ choices: [], usage: { prompt_tokens: 12, completion_tokens: tokens } })
    if (truth.usage !== 'none') response.write(`data: ${usage}\n\n`)
    response.end('data: [DONE]\n\n')
  }

  #stretch(fromMs: number, toMs: number): Stretch {
    let [appMj, othersMs] = [0, 0]
    for (const segment of this.#segments) {
      const overlapMs = Math.min(toMs, segment.toMs) - Math.max(fromMs, segment.fromMs)
      if (overlapMs <= 0) continue
      appMj += overlapMs * segment.powerW
      othersMs += overlapMs * segment.othersRatio
    }
    const lengthMs = toMs - fromMs
    const floorMj = this.floorW * lengthMs
    const domain = {
      gainRatio: 0.02,
      floorRatio: 0.05,
      machineMj: appMj + floorMj,
      floorMj,
      appMj,
      floorShareMj: floorMj,
    }
    return {
      ...{ lengthMs, isSettled: !this.isSilent, hasGap: false, appMj, machineMj: appMj + floorMj },
      domains: [{ id: 'cpu/0' as never, kind: 'cpu', provenance: 'counter', root: 'cpu/0' as never, ...domain }],
      ...{ estimatedRatio: 0, uncertainty: 0.04, othersCpuRatio: othersMs / lengthMs, othersDeviceRatio: 0 },
    }
  }
}
