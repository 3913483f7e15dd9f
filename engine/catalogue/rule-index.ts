import type { AppId } from '../../contract/ids.ts'
import type { ProcessIdentity } from '../processes/identity.ts'
import type { Matcher } from './catalogue.ts'
import { compilePattern, subjectLength } from './pattern.ts'
import type { Interpreter, Platform, Program } from './program.ts'

/** Whose rule it is, and what it says of a process. */
export type Owner = {
  readonly app: AppId
  readonly role: string | null
  readonly computes: boolean | null
  readonly isUser: boolean
}

export type Rule = {
  readonly owner: Owner
  readonly exes: readonly string[]
  readonly modules: readonly string[]
  readonly bundleIds: readonly string[]
  readonly interpreter: Interpreter | null
  readonly path: RegExp | null
  readonly args: RegExp | null
  readonly container: RegExp | null
  /** Higher is more specific. */
  readonly rank: number
  readonly patternLength: number
}

/** Each key outweighs all that come after it together. */
const weights = { bundleId: 64, container: 32, path: 16, args: 8, interpreter: 4, module: 2, exe: 1 } as const
const userWeight = 128

export function compileRule(matcher: Matcher, owner: Owner, platform: Platform): Rule {
  const onWindows = platform === 'win32'
  const expression = (text: string | undefined) => (text === undefined ? null : compilePattern(text, onWindows))
  const names = listOf(matcher.exe).map((name) => (onWindows ? name.toLowerCase().replace(/\.exe$/, '') : name))
  return {
    owner,
    exes: names,
    modules: listOf(matcher.module),
    bundleIds: listOf(matcher.bundleId),
    interpreter: matcher.interpreter ?? null,
    path: expression(matcher.path),
    args: expression(matcher.args),
    container: expression(matcher.container),
    rank: rankOf(matcher) + (owner.isUser ? userWeight : 0),
    patternLength: [matcher.path, matcher.args, matcher.container].reduce((sum, text) => sum + (text?.length ?? 0), 0),
  }
}

function rankOf(matcher: Matcher): number {
  let rank = 0
  for (const [key, weight] of Object.entries(weights)) if (key in matcher) rank += weight
  return rank
}

function listOf(words: string | readonly string[] | undefined): readonly string[] {
  return words === undefined ? [] : typeof words === 'string' ? [words] : words
}

/** `TASK_COMM_LEN` less the closing zero. */
const commLength = 15

/** Rules by what they can be looked up with, so that an unknown process is compared with few of them. */
export class RuleIndex {
  readonly #byExe = new Map<string, Rule[]>()
  /** Names that the kernel cuts, by what is left of them. */
  readonly #byCutName = new Map<string, Rule[]>()
  /** By the first part of the dotted name. */
  readonly #byModule = new Map<string, Rule[]>()
  readonly #byBundle = new Map<string, Rule[]>()
  /** Only a pattern to go by: tried on every process. */
  readonly #byPath: Rule[] = []
  readonly #byContainer: Rule[] = []

  /** Each rule stands under one kind of key, the one that few processes have. */
  add(rule: Rule): void {
    if (rule.exes.length > 0) {
      for (const name of rule.exes) {
        append(this.#byExe, name, rule)
        if (name.length > commLength) append(this.#byCutName, name.slice(0, commLength), rule)
      }
    } else if (rule.modules.length > 0) {
      for (const name of rule.modules) append(this.#byModule, name.split('.', 1)[0] ?? '', rule)
    } else if (rule.bundleIds.length > 0) {
      for (const id of rule.bundleIds) append(this.#byBundle, id, rule)
    } else if (rule.path !== null) this.#byPath.push(rule)
    else this.#byContainer.push(rule)
  }

  best(program: Program, identity: ProcessIdentity): Owner | null {
    let best: Rule | null = null
    for (const rule of this.#matching(program, identity)) if (best === null || isBetter(rule, best)) best = rule
    return best?.owner ?? null
  }

  /** The most specific rule of each app. */
  bestByApp(program: Program, identity: ProcessIdentity): ReadonlyMap<AppId, Owner> {
    const best = new Map<AppId, Rule>()
    for (const rule of this.#matching(program, identity)) {
      const before = best.get(rule.owner.app)
      if (before === undefined || isBetter(rule, before)) best.set(rule.owner.app, rule)
    }
    return new Map([...best].map(([app, rule]) => [app, rule.owner]))
  }

  #matching(program: Program, identity: ProcessIdentity): readonly Rule[] {
    const image = identity.container === null ? null : imageName(identity.container)
    const found: Rule[] = []
    const tryAll = (rules: readonly Rule[] | undefined) => {
      if (rules === undefined) return
      for (const rule of rules) if (holds(rule, program, identity, image)) found.push(rule)
    }
    for (const name of program.names) tryAll(this.#byExe.get(name))
    if (program.cutName !== null) tryAll(this.#byCutName.get(program.cutName))
    if (program.module !== null) tryAll(this.#byModule.get(program.module.split('.', 1)[0] ?? ''))
    if (identity.bundleId !== null) tryAll(this.#byBundle.get(identity.bundleId))
    tryAll(this.#byPath)
    if (image !== null) tryAll(this.#byContainer)
    return found
  }
}

/** The name by which the rule was looked up holds already; a list of modules shares its first part. */
function holds(rule: Rule, program: Program, identity: ProcessIdentity, image: string | null): boolean {
  if (rule.interpreter !== null && rule.interpreter !== program.interpreter) return false
  if (rule.modules.length > 0 && !rule.modules.some((name) => isWithin(program.module, name))) return false
  if (rule.bundleIds.length > 0 && (identity.bundleId === null || !rule.bundleIds.includes(identity.bundleId)))
    return false
  if (rule.container !== null && (image === null || !rule.container.test(image))) return false
  if (rule.path !== null && !rule.path.test(program.path)) return false
  return rule.args === null || rule.args.test(program.args)
}

function isWithin(module: string | null, name: string): boolean {
  return module !== null && (module === name || module.startsWith(`${name}.`))
}

/** `docker.io/ollama/ollama:latest` → `ollama/ollama:latest` */
function imageName(image: string): string {
  return image.slice(0, subjectLength.container).replace(/^(?:localhost|[^/]*[.:][^/]*)\//, '')
}

function isBetter(a: Rule, b: Rule): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank
  if (a.patternLength !== b.patternLength) return a.patternLength > b.patternLength
  if (a.owner.app !== b.owner.app) return a.owner.app < b.owner.app
  return (a.owner.role ?? '') < (b.owner.role ?? '')
}

function append(index: Map<string, Rule[]>, key: string, rule: Rule): void {
  const rules = index.get(key)
  if (rules === undefined) index.set(key, [rule])
  else rules.push(rule)
}
