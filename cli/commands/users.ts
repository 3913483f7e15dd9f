import { UserId } from '../../contract/ids.ts'
import { problem, type Result } from '../../contract/result.ts'
import type { Kept } from '../ask-kept.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { clockTime, energy, isoTime } from '../format.ts'
import { complain, rangeLine, runKept, watchKeptOption } from '../kept-command.ts'
import { rangeOptions } from '../range.ts'
import { reachWriter } from '../reach-writer.ts'
import type { UsersJson } from '../shapes.ts'
import { table } from '../table.ts'
import { outputJson, userColumns, userJson } from '../work-view.ts'

/** What may be done to a user, and with how many words. */
const ACTIONS = { merge: 2, split: 1, name: 2, 'forget-name': 1 } as const
type Action = keyof typeof ACTIONS
const USAGES: Readonly<Record<Action, string>> = {
  merge: 'perwatt users merge ID INTO',
  split: 'perwatt users split ID',
  name: 'perwatt users name ID NAME',
  'forget-name': 'perwatt users forget-name ID',
}

export const users: Command = {
  name: 'users',
  summary: 'who received what, and what their requests drew',
  about: [
    'A user is an OS account, or an identity that a request named: an API key, a user field. Of those only keyed hashes are kept, so that a name is what you type: perwatt users name ID NAME.',
    'One person behind several identities is one user after perwatt users merge ID INTO; split takes ID apart again. Names of accounts are shown where Settings › Privacy says so, or where there is only one.',
  ],
  options: [...rangeOptions('7d'), watchKeptOption],
  operand: {
    name: 'merge ID INTO | split ID | name ID NAME | forget-name ID',
    required: false,
    most: 3,
    choices: () => Object.keys(ACTIONS),
  },
  examples: [
    {
      line: 'perwatt users --since 7d',
      output: `2026-11-18 14:00 to 2026-11-25 15:00

USER    ID                 ENERGY         REQUESTS  TOKENS  TOKENS/J  LAST
User 1  os/1000            212 Wh  ± 8 %     1 204   812 k      1.06  2026-11-25 14:01
User 2  api/9f3a01c2d4e5  88.1 Wh  ± 8 %       640   301 k     0.949  2026-11-25 11:40`,
    },
    { line: 'perwatt users name api/9f3a01c2d4e5 Grace' },
    { line: 'perwatt users merge api/9f3a01c2d4e5 os/1000' },
  ],
  run(context) {
    const [action, ...words] = context.args.operands
    if (action === undefined) return list(context)
    const known = Object.keys(ACTIONS).find((one): one is Action => one === action)
    if (known === undefined)
      return usage(context, `perwatt users knows ${Object.keys(ACTIONS).join(', ')}, not "${action}".`)
    if (words.length !== ACTIONS[known] || words.includes('')) return usage(context, `It is ${USAGES[known]}.`)
    return change(context, known, words)
  },
}

async function usage(context: Context, reason: string): Promise<ExitCode> {
  return complain(context, problem('badInput', reason))
}

async function change(context: Context, action: Action, [id = '', word = '']: readonly string[]): Promise<ExitCode> {
  const user = UserId.safeParse(id)
  const into = UserId.safeParse(word)
  if (!user.success || (action === 'merge' && !into.success)) return usage(context, `It is ${USAGES[action]}.`)
  const reached = await reachWriter(context)
  if (!reached.ok) return complain(context, reached)
  const { client, close } = reached.value
  const done: Result<unknown> =
    action === 'merge' || action === 'split'
      ? await client.call('mergeUsers', { user: user.data, into: action === 'merge' ? (into.data ?? null) : null })
      : await client.call('nameUser', { user: user.data, name: action === 'name' ? word : null })
  await close()
  if (!done.ok) return complain(context, done)
  context.terminal.note('Done.')
  return EXIT.done
}

function list(context: Context): Promise<ExitCode> {
  const { args, terminal } = context
  return runKept(context, {
    name: 'users',
    since: '7d',
    inputOf: (range) => range,
    show({ told }) {
      if (args.has('json')) terminal.printJson(usersJson(told), args.has('watch') ? 'line' : undefined)
      else terminal.print(usersLines(context, told).join('\n'))
    },
  })
}

function usersJson({ fromS, toS, namesShown, rows, projects }: Kept<'users'>['told']): UsersJson {
  return {
    ...{ schema: 'perwatt.users/1', from: isoTime(fromS), to: isoTime(toS), namesShown },
    rows: rows.map(userJson),
    projects: projects.map(({ lastS, delivered, ...project }) => ({
      ...project,
      output: outputJson(delivered),
      lastAt: isoTime(lastS),
    })),
  }
}

function usersLines({ terminal }: Context, told: Kept<'users'>['told']): string[] {
  const { rows, projects } = told
  const head = [rangeLine(terminal, told), '']
  if (rows.length === 0) return [...head, 'Nobody is known to have received anything. perwatt meter tells who asks.']
  const width = terminal.columns
  if (projects.length === 0) return [...head, ...table(userColumns, rows, { width })]
  const columns = [
    { title: 'PROJECT', isElastic: true, text: (one: (typeof projects)[number]) => one.name },
    { title: 'ID', text: (one: (typeof projects)[number]) => one.id },
    { title: 'ENERGY', align: 'right' as const, text: (one: (typeof projects)[number]) => energy(one.energyMj) },
    { title: 'LAST', text: (one: (typeof projects)[number]) => clockTime(one.lastS) },
  ]
  return [...head, ...table(userColumns, rows, { width }), '', ...table(columns, projects, { width })]
}
