import { z } from 'zod'
import type { AppId } from '../../contract/ids.ts'
import { parseJsonFile } from '../../contract/json-file.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { builtInApps, type Category, UserApp } from './catalogue.ts'
import { formatJson } from './format.ts'
import { interpreterOf } from './program.ts'
import { matcherOf } from './suggest.ts'

export const Rules = z
  .strictObject({
    version: z.literal(1, { error: 'expected 1' }),
    apps: z.array(UserApp).max(1000).default([]),
    /** Apps that are not to be recognised. */
    ignore: z.array(UserApp.shape.id).max(1000).default([]),
  })
  .superRefine((rules, context) => {
    const builtIn = new Set<string>(builtInApps().map((app) => app.id))
    const own = new Set<string>()
    for (const [index, app] of rules.apps.entries()) {
      const path = ['apps', index]
      if (own.has(app.id)) context.addIssue({ code: 'custom', path: [...path, 'id'], message: 'expected each id once' })
      own.add(app.id)
      if (!builtIn.has(app.id) && app.match === undefined) {
        context.addIssue({
          code: 'custom',
          path: [...path, 'match'],
          message: 'expected for an app that is not built in',
        })
      }
    }
    for (const [index, id] of rules.ignore.entries()) {
      if (builtIn.has(id) || own.has(id)) continue
      context.addIssue({
        code: 'custom',
        path: ['ignore', index],
        message: 'expected the id of an app in the catalogue',
      })
    }
  })
export type Rules = z.infer<typeof Rules>

export const noRules: Rules = { version: 1, apps: [], ignore: [] }

/** The user's rule file. A file with a fault counts as a whole or not at all, so that it never half works. */
export function parseRules(text: string, fileName: string): Result<Rules, 'badRules'> {
  const rules = parseJsonFile(text, fileName, Rules)
  return rules.ok ? rules : problem('badRules', rules.reason)
}

/** The file's text; `parseRules` gives back what was written. */
export function formatRules(rules: Rules): string {
  return formatJson(rules)
}

/** "Name this app": the rules with one more app. */
export function nameApp(rules: Rules, app: UserApp): Result<Rules, 'nameTaken'> {
  const known = [...builtInApps(), ...rules.apps]
  const taken = known.find((each) => each.id === app.id)
  if (taken) return problem('nameTaken', `The catalogue already has "${taken.name ?? taken.id}"; choose another name.`)
  return ok({ ...rules, apps: [...rules.apps, app] })
}

/**
 * An app that is recognised by what an unnamed process was shown as (`suggestRule`). Its id comes from its name ("My Server 2": `my-server-2`), or
 * from the program where the name has no Latin letter.
 */
export function appFor(exe: string, name: string, category: Category): Result<UserApp, 'badName' | 'tooBroad'> {
  if (interpreterOf(exe) !== null) {
    return problem('tooBroad', `${exe} runs many programs; a rule for it needs the name of the script.`)
  }
  const app = UserApp.safeParse({
    id: idOf(name) || idOf(exe),
    name,
    category,
    match: { everywhere: [matcherOf(exe)] },
  })
  return app.success ? ok(app.data) : problem('badName', 'A name has 1 to 80 characters.')
}

function idOf(name: string): string {
  return name
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+/g, '')
    .slice(0, 80)
    .replaceAll(/[-.]+$/g, '')
}

/** An app of the user's own is dropped; a built-in one is ignored from now on. */
export function forgetApp(rules: Rules, id: AppId): Result<Rules, 'unknownApp'> {
  const apps = rules.apps.filter((app) => app.id !== id)
  if (builtInApps().some((app) => app.id === id)) {
    return ok({ ...rules, apps, ignore: [...new Set([...rules.ignore, id])] })
  }
  if (apps.length === rules.apps.length) return problem('unknownApp', `The catalogue has no app "${id}".`)
  return ok({ ...rules, apps, ignore: rules.ignore.filter((each) => each !== id) })
}
