import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ok, problem, type Result } from '../contract/result.ts'
import { recordedHost } from '../engine/host/recorded.ts'
import { loadRigFile } from '../engine/host/rig/load-file.ts'
import { parseRig } from '../engine/host/rig/parse.ts'
import { rigHost } from '../engine/host/rig/rig-host.ts'
import { rigTruth } from '../engine/host/rig/truth.ts'
import { workTruth } from '../engine/host/rig/truth-work.ts'
import { type Player, recordingPlayer, rigPlayer, type Simulation } from '../engine/simulate.ts'
import { type TruthRow, truthRows } from './rig-truth.ts'

/** A machine that can be played: a rig, which knows its own truth, or a recording, which does not. */
export type Playable = {
  readonly name: string
  readonly title: string
  readonly timeZone: string
  readonly player: Player
  truth(simulation: Simulation): readonly TruthRow[]
}

export type ShippedRig = { readonly name: string; readonly file: string; readonly title: string }

export function listRigs(directory: string): ShippedRig[] {
  if (!existsSync(directory)) return []
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'))
  return files.toSorted().flatMap((file) => {
    const path = join(directory, file)
    const rig = parseRig(readFileSync(path, 'utf8'), file)
    return rig.ok ? [{ name: file.replace(/\.json$/, ''), file: path, title: rig.value.title }] : []
  })
}

/** By file, or by the name of a shipped rig. */
export async function openPlayable(name: string, shipped: string): Promise<Result<Playable>> {
  const path = existsSync(name) ? name : join(shipped, `${name}.json`)
  if (!existsSync(path))
    return problem(
      'badInput',
      `There is no file ${name}, and no shipped rig of that name; perwatt simulate --list names them.`,
    )
  return path.endsWith('.rec') ? openRecording(path) : openRig(path)
}

function openRecording(path: string): Result<Playable> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return problem('badInput', `${path} cannot be read: ${String(error)}`)
  }
  const host = recordedHost(text, basename(path))
  if (!host.ok) return { ...host, code: 'badInput' }
  return ok({
    name: basename(path),
    title: `Recording ${basename(path)}`,
    timeZone: 'UTC',
    player: recordingPlayer(host.value),
    truth: () => [],
  })
}

async function openRig(path: string): Promise<Result<Playable>> {
  const rig = await loadRigFile(path)
  if (!rig.ok) return { ...rig, code: 'badInput' }
  const host = rigHost(rig.value)
  return ok({
    name: basename(path),
    title: rig.value.title,
    timeZone: rig.value.zone,
    player: rigPlayer(host),
    truth: (simulation) =>
      truthRows(simulation, rigTruth(rig.value, 0, host.durationMs), workTruth(rig.value, 0, host.durationMs)),
  })
}
