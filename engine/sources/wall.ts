import { ok, problem } from '../../contract/result.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext } from './source.ts'
import type { ConfiguredMeter } from './wall/dialect.ts'
import { MeterPoll, WALL } from './wall/poll.ts'

/**
 * Meters outside the machine, which the user set up by their address: plugs, power strips, UPSes, management controllers. What they show is
 * the whole machine and all else behind them: a scope of its own. They are domains from the start, whether they answer yet or not.
 */
export const wall: Source = {
  id: WALL,
  title: 'Wall meters',
  platforms: ['linux', 'darwin', 'win32'],
  async probe(context) {
    if (configured(context).length === 0) {
      return problem(
        'absent',
        'No wall meter is set up. A smart plug, a UPS or a server’s controller tells what the whole machine draws.',
        {
          kind: 'setting',
          path: 'Wall meters',
        },
      )
    }
    const open = new OpenWall(context)
    open.refresh()
    return ok(open)
  },
}

class OpenWall implements OpenSource {
  readonly #context: SourceContext
  #polls: readonly MeterPoll[] = []
  #domains: readonly Domain[] = []

  constructor(context: SourceContext) {
    this.#context = context
  }

  get domains(): readonly Domain[] {
    return this.#domains
  }

  sample(): readonly Reading[] {
    let readings: Reading[] | null = null
    for (const poll of this.#polls) {
      const reading = poll.take()
      if (reading === null) continue
      readings ??= []
      readings.push(reading)
    }
    return readings ?? NOTHING
  }

  /** A meter whose settings have not changed goes on as it is. */
  refresh(): boolean {
    const before = this.#polls
    const { host } = this.#context
    const wanted = configured(this.#context)
    this.#polls = wanted.map((one) => before.find((poll) => poll.isOf(one)) ?? new MeterPoll(host, one))
    for (const poll of before) if (!this.#polls.includes(poll)) poll.close()
    const hasChanged = this.#polls.length !== before.length || this.#polls.some((poll, index) => poll !== before[index])
    if (hasChanged) this.#domains = this.#polls.map(({ domain }) => domain)
    return hasChanged
  }

  close(): void {
    for (const poll of this.#polls) poll.close()
    this.#polls = []
    this.#domains = []
  }
}

const NOTHING: readonly Reading[] = []

function configured({ wallMeters }: SourceContext): readonly ConfiguredMeter[] {
  return wallMeters?.() ?? []
}
