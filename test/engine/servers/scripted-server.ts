import { ok, type Problem, problem } from '../../../contract/result.ts'
import type { Ask, Connector, OpenServer, ServerFault, ServerReport } from '../../../engine/connectors/connector.ts'
import { loadedModel, NOTHING_TOLD, outputTotals } from '../../../engine/connectors/server-words.ts'

export const told = (more: Partial<ServerReport> = {}): ServerReport => ({
  ...NOTHING_TOLD,
  inFlight: 0,
  waiting: 0,
  counts: 'server',
  models: [loadedModel('qwen')],
  ...more,
})
export const counted = (outputTokens: number, more: Partial<ServerReport> = {}): ServerReport =>
  told({ totals: [outputTotals('qwen', { outputTokens })], ...more })

type Answer = ServerReport | Problem<ServerFault>

/** A server that says what a test wrote, and counts how often it was asked; answers may be held back. */
export class ScriptedServer {
  answer: Answer = told()
  identity: Problem<ServerFault> | 'other' | null = null
  identifies = 0
  polls = 0
  #held: (() => void)[] | null = null
  readonly upstreams: string[] = []
  readonly unloaded: string[] = []
  readonly connector: Connector

  constructor(id = 'scripted') {
    this.connector = {
      id,
      title: `Server ${id}`,
      clientSetting: null,
      unloadsBy: 'api',
      identify: async () => {
        this.identifies += 1
        if (this.identity === 'other') return ok(null)
        return this.identity ?? ok(this.#open())
      },
    }
  }

  hold(): void {
    this.#held = []
  }

  release(): void {
    for (const go of this.#held ?? []) go()
    this.#held = null
  }

  #open(): OpenServer {
    return {
      poll: async () => {
        this.polls += 1
        await new Promise<void>((resolve) => (this.#held === null ? resolve() : this.#held.push(resolve)))
        return 'ok' in this.answer ? this.answer : ok(this.answer)
      },
      unload: async (model) => {
        this.unloaded.push(model.id)
        return ok(null)
      },
      upstreams: () => this.upstreams,
    }
  }
}

export const silent: Ask = async () => problem('absent', 'Nobody is there.')
