import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Result } from '../../../contract/result.ts'
import { badRig, parseRig, rigOf } from './parse.ts'
import type { Rig } from './schema.ts'

/**
 * A rig by its file. `.json` is data. `.ts` and `.js` are code, and run with all rights of whoever calls: only ever for a file that the user
 * named on the command line, never for one that came with a report.
 */
export async function loadRigFile(path: string): Promise<Result<Rig, 'badRig'>> {
  const fileName = basename(path)
  try {
    if (!/\.[cm]?[jt]s$/.test(path)) return parseRig(readFileSync(path, 'utf8'), fileName)
    const module: unknown = await import(/* @vite-ignore */ pathToFileURL(path).href)
    if (typeof module === 'object' && module !== null && 'rig' in module) return rigOf(module.rig, fileName)
    return badRig(`${fileName}: expected an export named "rig".`)
  } catch (error) {
    return badRig(`${fileName}: ${error instanceof Error ? error.message : 'could not be read'}.`)
  }
}
