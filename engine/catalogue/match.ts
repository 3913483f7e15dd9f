import type { CatalogueApp } from '../../contract/catalogue.ts'
import type { AppId } from '../../contract/ids.ts'
import type { ProcessIdentity } from '../processes/identity.ts'
import { type BuiltInApp, builtInApps, type Category, type Matcher, type UserApp } from './catalogue.ts'
import { type Platform, readProgram } from './program.ts'
import { compileRule, type Owner, RuleIndex } from './rule-index.ts'
import { noRules, type Rules } from './rules.ts'
import { type Suggestion, suggestRule } from './suggest.ts'

/** What the rest of the engine knows of an app. */
export type AppDescription = {
  readonly id: AppId
  readonly name: string
  readonly category: Category
  /** `false`: a client of a model that runs elsewhere. */
  readonly local: boolean
  readonly countsAsAi: boolean
  readonly connector: string | null
  readonly alsoConnectors: readonly string[]
  readonly ports: readonly number[]
  readonly source: 'built-in' | 'user'
}

/** What one app says of a process. */
export type Claim = {
  readonly app: AppId
  readonly role: string | null
  /** Whether models run in it; `null` is "not known". */
  readonly computes: boolean | null
}

/** Plain data without a trace of the command line; kept as long as the process lives. */
export type ProcessMatch = Claim & {
  /** Apps that take this process where it runs below them: Ollama its llama-server. */
  readonly claims: readonly Claim[]
  /** Only the container's image says so: an app above it in the process tree knows better. */
  readonly byContainer: boolean
  /** Terminals inside this app are their user's own work. */
  readonly holdsTerminal: boolean
}

export type Catalogue = {
  /** Looks at a process once. Never throws, whatever the process calls itself. */
  match(identity: ProcessIdentity): ProcessMatch | null
  /** Whether a person types here: a shell without script and command. `fold` asks for it. */
  isTerminalShell(identity: ProcessIdentity): boolean
  /** "Name this app" for a heavy process that nothing matched. */
  suggest(identity: ProcessIdentity): Suggestion | null
  /** Also of ignored apps, whose history remains; `null` where the id is unknown. */
  describe(id: AppId): AppDescription | null
  /** What is recognised on this platform, by id. */
  readonly apps: readonly CatalogueApp[]
}

type Entry = { readonly app: BuiltInApp | UserApp; readonly source: 'built-in' | 'user'; readonly matchers: Matcher[] }

/**
 * The catalogue of one platform, ready to match. Where several entries match a process, the most specific wins: the
 * user's rules before the built-in ones, then by the keys that had to hold (bundle, container, path, args, interpreter,
 * name, in this order), then the longer pattern, then the id. The order of entries does not matter.
 */
export function compileCatalogue(
  builtIn: readonly BuiltInApp[] = builtInApps(),
  rules: Rules = noRules,
  platform: Platform = 'linux',
): Catalogue {
  const descriptions = describeAll(builtIn, rules)
  const ignored = new Set<string>(rules.ignore)
  const entries = [...entriesOf(builtIn, 'built-in', platform), ...entriesOf(rules.apps, 'user', platform)].filter(
    (entry) => !ignored.has(entry.app.id),
  )
  const programs = new RuleIndex()
  const containers = new RuleIndex()
  const roles = new RuleIndex()
  const terminals = new Set<string>()
  for (const { app, source, matchers } of entries) {
    if (app.holdsTerminal === true) terminals.add(app.id)
    else if (app.holdsTerminal === false) terminals.delete(app.id)
    const owner: Owner = { app: app.id, role: null, computes: null, isUser: source === 'user' }
    for (const matcher of matchers) {
      const isContainer = Object.keys(matcher).every((key) => key === 'container')
      ;(isContainer ? containers : programs).add(compileRule(matcher, owner, platform))
    }
    for (const role of app.roles ?? []) {
      roles.add(compileRule(role.match, { ...owner, role: role.role, computes: role.computes }, platform))
    }
  }
  return {
    match: (identity) => matchProcess(identity, platform, { programs, containers, roles, terminals }),
    isTerminalShell: (identity) => readProgram(identity, platform).isTerminalShell,
    suggest: (identity) => suggestRule(identity, platform),
    describe: (id) => descriptions.get(id) ?? null,
    apps: listApps(entries, descriptions),
  }
}

type Compiled = {
  readonly programs: RuleIndex
  readonly containers: RuleIndex
  readonly roles: RuleIndex
  readonly terminals: ReadonlySet<string>
}

function matchProcess(identity: ProcessIdentity, platform: Platform, compiled: Compiled): ProcessMatch | null {
  const program = readProgram(identity, platform)
  if (program.names.some((name) => /^perwatt\b/i.test(name))) return null // the meter stands in its own list
  const own = compiled.programs.best(program, identity)
  const around = identity.container === null ? null : compiled.containers.best(program, identity)
  if (own === null && around === null) return null
  const claims = compiled.roles.bestByApp(program, identity)
  // A llama-server in RamaLama's container is RamaLama's, as it would be below its process.
  const app = own !== null && !(around !== null && claims.has(around.app)) ? own.app : around?.app
  if (app === undefined) return null
  return {
    app,
    role: claims.get(app)?.role ?? null,
    computes: claims.get(app)?.computes ?? null,
    claims: own === null ? [] : [...claims.values()].filter((claim) => claim.app !== app).map(claimOf),
    byContainer: own === null,
    holdsTerminal: compiled.terminals.has(app),
  }
}

function claimOf({ app, role, computes }: Owner): Claim {
  return { app, role, computes }
}

function entriesOf(apps: readonly (BuiltInApp | UserApp)[], source: Entry['source'], platform: Platform): Entry[] {
  return apps.map((app) => ({
    app,
    source,
    matchers: [...(app.match?.everywhere ?? []), ...(app.match?.[platform] ?? [])],
  }))
}

/** A user's entry under a built-in id changes what it names and adds its matchers; the rest stays. */
function describeAll(builtIn: readonly BuiltInApp[], rules: Rules): ReadonlyMap<AppId, AppDescription> {
  const descriptions = new Map<AppId, AppDescription>()
  for (const app of builtIn) descriptions.set(app.id, describeApp(app, null))
  for (const app of rules.apps) descriptions.set(app.id, describeApp(app, descriptions.get(app.id) ?? null))
  return descriptions
}

function describeApp(app: BuiltInApp | UserApp, base: AppDescription | null): AppDescription {
  return {
    id: app.id,
    name: app.name ?? base?.name ?? app.id,
    category: app.category ?? base?.category ?? 'other',
    local: app.where === undefined ? (base?.local ?? true) : app.where === 'local',
    countsAsAi: app.countsAsAi ?? base?.countsAsAi ?? true,
    connector: app.connector === undefined ? (base?.connector ?? null) : app.connector,
    alsoConnectors: app.alsoConnectors ?? base?.alsoConnectors ?? [],
    ports: app.ports ?? base?.ports ?? [],
    source: 'verified' in app ? 'built-in' : (base?.source ?? 'user'),
  }
}

function listApps(entries: readonly Entry[], descriptions: ReadonlyMap<AppId, AppDescription>): CatalogueApp[] {
  const words = new Map<AppId, string[]>()
  for (const { app, matchers } of entries) {
    words.set(app.id, [...(words.get(app.id) ?? []), ...matchers.map(matcherInWords)])
  }
  return [...words]
    .filter(([, match]) => match.length > 0)
    .flatMap(([id, match]) => {
      const app = descriptions.get(id)
      if (app === undefined) return []
      const { name, category, connector, local, countsAsAi, source } = app
      return [{ id, name, category, connector, local, countsAsAi, source, match }]
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** "exe piper, args (^| )--model\b": each key that must hold. */
function matcherInWords(matcher: Matcher): string {
  return Object.entries(matcher)
    .map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' | ') : value}`)
    .join(', ')
}
