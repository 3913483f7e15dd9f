import type { Process } from './process.ts'

/** A child may be seen to vanish a sample before its parent's children times show it; what did not come by then never will. */
const VANISHED_SAMPLES = 2

/**
 * CPU time of children too short-lived to be tracked, which the parent's children times tell once they were waited for: their growth,
 * less the last seen totals of tracked children that vanished, because those were booked when they were seen. Consumes the totals.
 */
export function childCreditTicks(parent: Process, isReaped: (zombie: Process) => boolean): number {
  const freshTicks = parent.childDeltaTicks
  if (freshTicks > 0 && parent.zombies.length > 0) settleZombies(parent, isReaped)
  const seenTicks = Math.min(freshTicks, parent.vanishedTicks)
  parent.vanishedTicks -= seenTicks
  if (parent.vanishedTicks > 0 && ++parent.vanishedAge > VANISHED_SAMPLES) parent.vanishedTicks = 0
  return freshTicks - seenTicks
}

/** Whoever reaps it will see this of it: its own time, its reaped children's, and what those still owe. */
export function owe(reaper: Process, child: Process): void {
  reaper.vanishedTicks += child.ownTicks + child.childTicks + child.vanishedTicks
  reaper.vanishedAge = 0
  reaper.zombies.push(...child.zombies)
}

/** A zombie's time reaches its parent when it is waited for, which may be at once or never. */
function settleZombies(parent: Process, isReaped: (zombie: Process) => boolean): void {
  const reaped = parent.zombies.filter(isReaped)
  parent.zombies = parent.zombies.filter((zombie) => !reaped.includes(zombie))
  for (const zombie of reaped) owe(parent, zombie)
}
