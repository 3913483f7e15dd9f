import type { ProcessIdentity } from '../processes/identity.ts'
import type { Matcher } from './catalogue.ts'
import { type Platform, readProgram } from './program.ts'

/** Names that say nothing: the folder has to be part of the rule. */
const commonScripts =
  /^(?:__main__|main|app|server|index|cli|run|start|launch|train|test|worker|manage|bot|script|webui)(?:\.\w{1,4})?$/

/** What "name this app" offers for a process. */
export type Suggestion = {
  /** Shown to the user, and what the processes of one offer have in common: `tracker`, `bert/train.py`, `-m coach.run`. */
  readonly exe: string
  /** The smallest rule that matches it. */
  readonly match: Matcher
}

/**
 * The program or script that a process runs, and a rule for it; never an argument, which may be a secret. `null` where
 * nothing names it: code on an interpreter's command line, a bare interpreter, a kernel thread.
 */
export function suggestRule(identity: ProcessIdentity, platform: Platform): Suggestion | null {
  const program = readProgram(identity, platform)
  const exe =
    program.module !== null
      ? `-m ${program.module}`
      : program.script !== null
        ? scriptName(program.script, program.path)
        : program.interpreter === 'none'
          ? ownName(identity, program.names[0])
          : null
  return exe === null || exe.length > 120 ? null : { exe, match: matcherOf(exe) }
}

/** The rule for what `suggestRule` showed. */
export function matcherOf(exe: string): Matcher {
  if (exe.startsWith('-m ')) return { module: exe.slice(3) }
  const [folder, script] = exe.split('/')
  return script === undefined ? { exe } : { exe: script, path: `/${quote(folder ?? '')}/${quote(script)}$` }
}

function scriptName(script: string, path: string): string | null {
  if (script === '') return null
  if (!commonScripts.test(script)) return script
  const folder = path.split('/').at(-2)
  return folder === undefined || folder === '' ? null : `${folder}/${script}`
}

/** A process without executable and command line is the kernel's own. */
function ownName(identity: ProcessIdentity, name: string | undefined): string | null {
  return name === undefined || name.includes('/') || (identity.exe === null && identity.cmdline === '') ? null : name
}

function quote(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
