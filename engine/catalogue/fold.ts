import type { Claim, ProcessMatch } from './match.ts'

/** What a process says of itself. */
export type Own = {
  readonly match: ProcessMatch | null
  /** `Catalogue.isTerminalShell` */
  readonly isTerminalShell: boolean
}

export type ProcessNode = Own & {
  readonly pid: number
  readonly ppid: number
  /** Start of the process in clock ticks since boot: a parent that started later is a stranger under a reused pid. */
  readonly startTicks: number
}

/** The app that a process belongs to; role and `computes` are its own, never inherited. */
export type Membership = Claim & { readonly holdsTerminal: boolean }

/**
 * The app of a process below `above`, its parent's; `null` is none. The one rule of folding:
 * - A process that matches an entry by itself belongs to it, unless the app above it claims the process as one of its
 *   roles: then to that app (llama-server below Ollama).
 * - Any other process belongs to the app of its parent: the shells, compilers and tests that a coding agent starts are
 *   the agent's. Below an app that holds terminals (an editor), a terminal's shell and what it starts is nobody's.
 * - What is recognised by its container alone belongs to the app above it, and to the container's where there is none.
 */
export function belong({ match, isTerminalShell }: Own, above: Membership | null): Membership | null {
  if (match !== null && !match.byContainer) {
    const claim = above === null ? undefined : match.claims.find((each) => each.app === above.app)
    return claim !== undefined && above !== null ? { ...claim, holdsTerminal: above.holdsTerminal } : memberBy(match)
  }
  const inherited = above?.holdsTerminal && isTerminalShell ? null : above
  if (inherited !== null) return { ...inherited, role: null, computes: null }
  return match === null ? null : memberBy(match)
}

/**
 * The app of each process, by pid; pids of no app are left out. Pure, and linear in the number of processes. A process
 * whose parent has ended counts by itself: the kernel has given it to init, and its ancestry is lost.
 */
export function fold(processes: readonly ProcessNode[]): ReadonlyMap<number, Membership> {
  const byPid = new Map(processes.map((process) => [process.pid, process]))
  const members = new Map<number, Membership | null>()
  for (const process of byPid.values()) settle(process, byPid, members)
  const found = new Map<number, Membership>()
  for (const [pid, member] of members) if (member !== null) found.set(pid, member)
  return found
}

/**
 * Settles a process after its ancestors, without recursion: a tree may be deep. Garbage may be a circle, in which nobody
 * is anybody's parent.
 */
function settle(
  process: ProcessNode,
  byPid: ReadonlyMap<number, ProcessNode>,
  members: Map<number, Membership | null>,
): void {
  const pending: ProcessNode[] = []
  const places = new Map<number, number>()
  let next: ProcessNode | null = process
  while (next !== null && !members.has(next.pid) && !places.has(next.pid)) {
    places.set(next.pid, pending.length)
    pending.push(next)
    next = parentOf(next, byPid)
  }
  const circleFrom = next === null ? undefined : places.get(next.pid)
  let above = next === null ? null : (members.get(next.pid) ?? null)
  for (const [index, each] of [...pending.entries()].reverse()) {
    above = belong(each, circleFrom !== undefined && index >= circleFrom ? null : above)
    members.set(each.pid, above)
  }
}

function parentOf(process: ProcessNode, byPid: ReadonlyMap<number, ProcessNode>): ProcessNode | null {
  const parent = byPid.get(process.ppid)
  return parent === undefined || parent.startTicks > process.startTicks ? null : parent
}

function memberBy({ app, role, computes, holdsTerminal }: ProcessMatch): Membership {
  return { app, role, computes, holdsTerminal }
}
