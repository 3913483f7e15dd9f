import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseJsonFile } from '../../contract/json-file.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { readOwnFile, replaceFile } from '../../engine/store/atomic-file.ts'
import { LabJson } from '../shapes.ts'

const FOLDER = 'lab'
type KeptFault = 'absent' | 'broken' | 'notWritable'

/** Results in the data directory, a small file each, under the id that a lab is listed by. */
export function keepLab(dataDir: string, lab: LabJson): Result<null, 'notWritable'> {
  return replaceFile(fileOf(dataDir, lab.id), `${JSON.stringify(lab)}\n`)
}

export function keptLab(dataDir: string, id: string): Result<LabJson, KeptFault> {
  const path = fileOf(dataDir, id)
  const text = /^[\d-]{1,40}$/.test(id) ? readOwnFile(path) : ok(null)
  if (!text.ok) return problem('notWritable', text.reason, text.remedy)
  if (text.value === null)
    return problem('absent', `There is no lab "${id}".`, {
      kind: 'command',
      argv: ['perwatt', 'lab', 'list'],
      asRoot: false,
    })
  const lab = parseJsonFile(text.value, path, LabJson)
  return lab.ok ? lab : problem('broken', lab.reason)
}

/** Newest first; files that are no lab are told by `unreadable`. */
export function keptLabs(dataDir: string): { readonly labs: LabJson[]; readonly unreadable: string[] } {
  const unreadable: string[] = []
  const labs = idsIn(join(dataDir, FOLDER)).flatMap((id) => {
    const lab = keptLab(dataDir, id)
    if (lab.ok) return [lab.value]
    unreadable.push(lab.reason)
    return []
  })
  return { labs, unreadable }
}

function idsIn(folder: string): string[] {
  try {
    const names = readdirSync(folder)
    return names
      .flatMap((name) => /^([\d-]{1,40})\.json$/.exec(name)?.[1] ?? [])
      .toSorted()
      .toReversed()
  } catch {
    // No folder: no lab was ever run here.
    return []
  }
}

function fileOf(dataDir: string, id: string): string {
  return join(dataDir, FOLDER, `${id}.json`)
}
