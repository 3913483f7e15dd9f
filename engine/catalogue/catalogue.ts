import { z } from 'zod'
import { AppId } from '../../contract/ids.ts'
import builtInFile from './catalogue.json' with { type: 'json' }
import { patternFault, type Subject } from './pattern.ts'

export const Category = z.enum([
  'agent-framework',
  'chat-app',
  'coding-agent',
  'embedding',
  'ide-assistant',
  'image-gen',
  'model-server',
  'notebook',
  'os-feature',
  'other',
  'speech',
  'training',
  'video-gen',
])
export type Category = z.infer<typeof Category>

function pattern(subject: Subject) {
  return z.string().superRefine((text, context) => {
    const fault = patternFault(text, subject)
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  })
}

const Word = z.string().min(1).max(200)
const Words = z.union([Word, z.array(Word).min(1).max(100)], {
  error: 'expected text or a list of texts, none of them empty',
})

/** One way to recognise a process: all keys that are given must hold. */
export const Matcher = z
  .strictObject({
    /** Name of the program: of the executable, or of the script that an interpreter runs. */
    exe: Words.optional(),
    /** Python's `-m`: this dotted name and what lies below it. */
    module: Words.optional(),
    /** What runs it; `none` is a program of its own. */
    interpreter: z.enum(['python', 'node', 'java', 'dotnet', 'shell', 'other', 'none']).optional(),
    /** Regular expression on the path of the program, of the script, or on a title that it gave itself. */
    path: pattern('path').optional(),
    /** Regular expression on what follows the program. */
    args: pattern('args').optional(),
    /** Regular expression on the image's name, without the registry's host. */
    container: pattern('container').optional(),
    bundleId: Words.optional(),
  })
  .refine((matcher) => ['exe', 'module', 'path', 'container', 'bundleId'].some((key) => key in matcher), {
    error: 'expected at least one of exe, module, path, container, bundleId',
  })
export type Matcher = z.infer<typeof Matcher>

const Matchers = z.array(Matcher).min(1).max(100)
const MatchByPlatform = z
  .strictObject({
    everywhere: Matchers.optional(),
    linux: Matchers.optional(),
    darwin: Matchers.optional(),
    win32: Matchers.optional(),
  })
  .refine((match) => Object.keys(match).length > 0, {
    error: 'expected at least one of everywhere, linux, darwin, win32',
  })

const Role = z.strictObject({
  role: z.string().regex(/^[a-z][a-z-]{0,39}$/, 'expected lower-case words joined by "-"'),
  /** Whether models run in this process; the energy of all roles goes to the app. */
  computes: z.boolean(),
  match: Matcher,
})

const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,79}$/, 'expected lower-case letters, digits, "-" and "."')
  .pipe(AppId)

const optionalFields = {
  vendor: z.string().max(120),
  homepage: z.url({ protocol: /^https?$/ }),
  /** Further HTTP dialects that the same server speaks. */
  alsoConnectors: z.array(Word),
  /** `null`: nothing to ask. */
  connector: z.string().min(1).max(40).nullable(),
  /** Where it listens unless told otherwise: a hint where to ask, never proof. */
  ports: z.array(z.int().min(1).max(65_535)),
  delivers: z.array(z.enum(['audio-seconds', 'embeddings', 'images', 'requests', 'steps', 'tokens'])),
  /** `false`: recognised, but not AI unless the user says so (editors, launchers, video editors). */
  countsAsAi: z.boolean(),
  /** People work in a terminal inside it: what they start there is theirs. */
  holdsTerminal: z.boolean(),
  roles: z.array(Role),
  /** Editors inside which an extension runs. */
  hosts: z.array(Id),
  /** Files that prove and count its use. */
  evidence: z.array(Word),
  note: z.string().max(200),
}
const coreFields = {
  name: z.string().trim().min(1).max(80),
  category: Category,
  /** `remote`: the answers are computed elsewhere; the local energy is the client's only. */
  where: z.enum(['local', 'remote']),
  match: MatchByPlatform,
}

export const BuiltInApp = z.strictObject({
  id: Id,
  ...coreFields,
  ...z.object(optionalFields).partial().shape,
  vendor: optionalFields.vendor,
  homepage: optionalFields.homepage,
  /** Matchers, ports and roles were confirmed with the product itself. */
  verified: z.boolean(),
})
export type BuiltInApp = z.infer<typeof BuiltInApp>

export const BuiltInCatalogue = z.strictObject({ version: z.literal(1), apps: z.array(BuiltInApp) })

/** An app in the user's rule file: one of the user's own, or a built-in one that it adds to and overrides. */
export const UserApp = z.strictObject({
  id: Id,
  ...z.object({ ...coreFields, ...optionalFields }).partial().shape,
})
export type UserApp = z.infer<typeof UserApp>

let parsed: readonly BuiltInApp[] | null = null

/** The shipped catalogue; read on first use, because a command that attaches to a running engine never needs it. */
export function builtInApps(): readonly BuiltInApp[] {
  parsed ??= BuiltInCatalogue.parse(builtInFile).apps
  return parsed
}
