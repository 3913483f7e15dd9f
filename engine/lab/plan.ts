import type { AppId } from '../../contract/ids.ts'
import type { PromptSet } from './prompt-set.ts'
import { randomFrom, shuffled } from './random.ts'

/** One way in which a server answers chats: its path and how it streams. */
export type ChatDialect = { readonly kind: 'ollama' | 'openai'; readonly path: string }

/** A model that is measured, on one server of this machine. */
export type LabModel = {
  /** As the user names it among the others: "qwen3:8b", or "qwen3:8b@127.0.0.1:8080" where two servers have it. */
  readonly key: string
  /** As its server calls it. */
  readonly name: string
  readonly quantisation: string | null
  /** Title of the server. */
  readonly engine: string | null
  readonly origin: string
  readonly app: AppId
  readonly dialect: ChatDialect
  readonly canUnload: boolean
}

/** How requests are put. `contextTokens: null`: as the server has it. */
export type LabSetting = { readonly concurrency: number; readonly contextTokens: number | null }

/** One model at one setting: what gets one figure. */
export type Cell = { readonly id: number; readonly model: LabModel; readonly setting: LabSetting }

export type LabPlan = {
  readonly cells: readonly Cell[]
  readonly prompts: PromptSet
  readonly seed: number
  readonly budgetMs: number
  readonly targetRatio: number
}

export function cellsOf(models: readonly LabModel[], settings: readonly LabSetting[]): Cell[] {
  return settings.flatMap((setting) => models.map((model) => ({ model, setting }))).map((cell, id) => ({ id, ...cell }))
}

/**
 * The order in which block number `block` (from 0) goes through the cells. Every block has each cell once, in an order of its own, so that
 * what changes slowly (a card that warms up, a fan, the room) meets all of them alike.
 */
export function orderOf(cells: readonly Cell[], seed: number, block: number): Cell[] {
  return shuffled(cells, randomFrom(Math.imul(seed, 0x9e3779b1) ^ (block + 1)))
}

/** Cells that differ in one thing: the model at one setting, or the setting of one model. Both ids, the smaller first. */
export function pairsOf(cells: readonly Cell[]): (readonly [Cell, Cell])[] {
  return cells.flatMap((a, at) => cells.slice(at + 1).flatMap((b) => (isPair(a, b) ? [[a, b] as const] : [])))
}

function isPair(a: Cell, b: Cell): boolean {
  const differing = [
    a.model.key !== b.model.key,
    a.setting.concurrency !== b.setting.concurrency,
    a.setting.contextTokens !== b.setting.contextTokens,
  ]
  return differing.filter(Boolean).length === 1
}
