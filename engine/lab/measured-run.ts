import type { Stretch } from '../../contract/lab.ts'
import { ok, type Result } from '../../contract/result.ts'
import type { Cell, LabPlan } from './plan.ts'
import type { Prompt } from './prompt-set.ts'
import { energyOfRun, type Run, type RunFault } from './run.ts'
import type { ChatAnswer, LabWorld } from './world.ts'

/** A card stays at a higher clock for a moment after work. */
const SETTLE_MS = 1_500
/** Before and after a run nothing is asked for so long: idle power is read there. */
const QUIET_MS = 4_500
/** So far beyond a run its energy is taken: longer than a tick, and than the window over which cards average. */
const EDGE_MS = 1_500
/** A source that is read every few seconds has told by then. */
const TOLD_WITHIN_MS = 15_000
const LOOK_MS = 500
/** Others may take so much of the machine before a run is discarded. */
const DISTURBED_RATIO = 0.1

/**
 * One pass of a cell through the prompt set, between two quiet stretches. The app's energy is taken from a little before to a little after,
 * where it was idle, and what it drew while idle is taken off again: so no reading that lies across an edge splits work from rest.
 */
export async function runCell(world: LabWorld, plan: LabPlan, cell: Cell, block: number): Promise<Result<Run>> {
  const { model } = cell
  const faulty = (fault: RunFault, reason: string): Result<Run> =>
    ok({ cell: cell.id, block, ok: false, fault, reason: `${model.key}: ${reason}` })
  await makeRoom(world, plan, cell)
  const word = await warm(world, cell)
  if (!word.ok) return faulty('failed', word.reason)

  await world.wait(SETTLE_MS)
  const quiet = await world.mark()
  if (!quiet.ok) return quiet
  await world.wait(QUIET_MS)
  const begun = await world.mark()
  if (!begun.ok) return begun
  const beganMs = world.nowMs()
  const answers = await askAll(world, plan, cell, block)
  const durationMs = world.nowMs() - beganMs
  if (!answers.ok) return faulty('failed', answers.reason)
  await world.wait(EDGE_MS + QUIET_MS)
  const rested = await world.mark()
  if (!rested.ok) return rested
  if (world.stop.aborted) return faulty('failed', 'it was stopped.')

  const endedMs = begun.value + durationMs
  const [fromMs, toMs] = [begun.value - EDGE_MS, endedMs + EDGE_MS]
  const after = await settled(world, cell, toMs, rested.value)
  if (!after.ok) return after
  const before = await world.energyBetween(model.app, quiet.value, fromMs)
  if (!before.ok) return before
  const wide = await world.energyBetween(model.app, fromMs, toMs)
  if (!wide.ok) return wide

  const all = [before.value, wide.value, after.value]
  if (all.some(({ hasGap, isSettled }) => hasGap || !isSettled))
    return faulty('gap', 'a source was silent or the machine slept meanwhile.')
  if (isDisturbed(wide.value)) return faulty('disturbed', 'other programs kept the machine busy meanwhile.')
  const energy = energyOfRun(wide.value, durationMs, idleW(all, 'appMj'), idleW(all, 'machineMj'))
  if (energy.energyMj <= 0) return faulty('failed', 'no energy of its app was seen.')
  const outputTokens = sum(answers.value.map((answer) => answer.outputTokens))
  if (outputTokens === 0) return faulty('failed', 'it delivered no tokens.')
  const promptTokens = answers.value.map((answer) => answer.promptTokens)
  return ok({
    ...{ cell: cell.id, block, ok: true },
    figures: {
      ...energy,
      ...{ durationMs, outputTokens },
      promptTokens: promptTokens.includes(null) ? null : sum(promptTokens.map(Number)),
      tokensAreEstimate: answers.value.some(({ isEstimate }) => isEstimate),
      ttftMs: answers.value.flatMap(({ ttftMs }) => ttftMs ?? []),
    },
  })
}

/** Lets a model answer a word, unmeasured: what is not loaded is loaded by it. */
export function warm(world: LabWorld, { model, setting }: Cell): Promise<Result<ChatAnswer>> {
  return world.chat(model, { text: 'Say yes.', maxTokens: 8, contextTokens: setting.contextTokens })
}

/** Other models of the lab on the same server would be held, and paid for, by the same app. A server that keeps them all the same is let. */
async function makeRoom(world: LabWorld, { cells }: LabPlan, { model }: Cell): Promise<void> {
  const others = new Map(cells.map((cell) => [cell.model.key, cell.model]))
  for (const other of others.values())
    if (other.key !== model.key && other.origin === model.origin && other.canUnload) await world.unload(other)
}

async function askAll(
  world: LabWorld,
  plan: LabPlan,
  { model, setting }: Cell,
  block: number,
): Promise<Result<ChatAnswer[]>> {
  const waiting = [...plan.prompts.prompts.entries()]
  const answers: ChatAnswer[] = []
  let fault: Result<never> | null = null
  async function askOneAfterAnother(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined && fault === null; next = waiting.shift()) {
      const [at, prompt] = next
      const answer = await world.chat(model, {
        text: textOf(prompt, plan.seed, block, at),
        maxTokens: prompt.maxTokens,
        contextTokens: setting.contextTokens,
      })
      if (answer.ok) answers.push(answer.value)
      else fault ??= answer
    }
  }
  await Promise.all(Array.from({ length: setting.concurrency }, askOneAfterAnother))
  return fault ?? ok(answers)
}

/** The same for every cell of a block, and another in the next: a server would answer a prompt that it has seen from its cache. */
function textOf({ text }: Prompt, seed: number, block: number, at: number): string {
  return `[${((Math.imul(seed + 1, 0x9e3779b1) ^ (block * 1_000 + at)) >>> 0).toString(36)}] ${text}`
}

/** Sources may be read seconds later than they measured. */
async function settled(world: LabWorld, { model }: Cell, fromMs: number, toMs: number): Promise<Result<Stretch>> {
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    const stretch = await world.energyBetween(model.app, fromMs, toMs)
    if (!stretch.ok || stretch.value.isSettled || waitedMs >= TOLD_WITHIN_MS || world.stop.aborted) return stretch
    await world.wait(LOOK_MS)
  }
}

function isDisturbed({ othersCpuRatio, othersDeviceRatio }: Stretch): boolean {
  return (othersCpuRatio ?? 0) > DISTURBED_RATIO || othersDeviceRatio > DISTURBED_RATIO
}

function idleW([before, , after]: readonly Stretch[], what: 'appMj' | 'machineMj'): number {
  if (before === undefined || after === undefined) throw new Error('a run has a stretch before and one after')
  return (before[what] + after[what]) / (before.lengthMs + after.lengthMs)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
