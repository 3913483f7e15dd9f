import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Arguments, commandName, parseArguments } from '../../cli/arguments.ts'
import type { Command } from '../../cli/command.ts'
import { globalOptions } from '../../cli/options.ts'
import { fcOptions } from '../support/counts.ts'

const base = { summary: '', about: [], examples: [], run: async () => 0 }
const plain: Command = {
  ...base,
  name: 'plain',
  options: [
    { name: 'since', value: 'WHEN', text: '' },
    { name: 'by', value: 'CUT', choices: ['app', 'day'], text: '' },
    { name: 'watch', text: '' },
  ],
}
const rigged: Command = { ...base, name: 'rigged', options: [], operand: { name: 'RIG', required: true } }
const wrapping: Command = {
  ...base,
  name: 'wrapping',
  options: [{ name: 'output', value: 'FILE', text: '' }],
  operand: { name: 'CMD', required: true, isCommandLine: true },
}

function parse(command: Command, line: string): Arguments {
  const parsed = parseArguments(line.split(' '), command, globalOptions)
  if (!parsed.ok) throw new Error(parsed.reason)
  return parsed.value
}

function refusal(command: Command, line: string): string {
  const parsed = parseArguments(line.split(' '), command, globalOptions)
  return parsed.ok ? 'accepted' : parsed.reason
}

test('options are understood before and behind the command, with a blank or an equals sign', () => {
  const args = parse(plain, '--data-dir /d plain --since=7d --by day -q --watch')
  expect(args.text('data-dir')).toBe('/d')
  expect(args.text('since')).toBe('7d')
  expect(args.text('by')).toBe('day')
  expect([args.has('quiet'), args.has('watch'), args.has('json')]).toEqual([true, true, false])
})

test('the name of the command is the first word that is no option and no option’s value', () => {
  expect(commandName(['--data-dir', 'now', 'top'], globalOptions)).toBe('top')
  expect(commandName(['--json', 'now'], globalOptions)).toBe('now')
  expect(commandName(['--', 'now'], globalOptions)).toBeNull()
  expect(commandName([], globalOptions)).toBeNull()
})

test('an unknown option is refused with the one that was meant', () => {
  expect(refusal(plain, 'plain --sinec 7d')).toBe('perwatt plain has no option --sinec. Did you mean --since?')
  expect(refusal(plain, 'plain --jsno')).toBe('perwatt plain has no option --jsno. Did you mean --json?')
  expect(refusal(plain, 'plain --frobnicate')).toBe(
    'perwatt plain has no option --frobnicate. See perwatt plain --help.',
  )
  expect(refusal(plain, 'plain -x')).toMatch(/^perwatt plain has no option -x\./)
})

test('a missing, superfluous or wrong value is refused by name', () => {
  expect(refusal(plain, 'plain --since')).toBe('--since needs a value: --since WHEN.')
  expect(refusal(plain, 'plain --since --json')).toBe('--since needs a value: --since WHEN.')
  expect(refusal(plain, 'plain --since=')).toBe('--since needs a value: --since WHEN.')
  expect(refusal(plain, 'plain --json=yes')).toBe('--json is a switch and takes no value.')
  expect(refusal(plain, 'plain --by model')).toBe('--by is one of app, day, not "model".')
})

test('operands are counted', () => {
  expect(refusal(plain, 'plain extra')).toBe('perwatt plain takes no argument, but got "extra".')
  expect(refusal(rigged, 'rigged')).toBe('perwatt rigged needs RIG. See perwatt rigged --help.')
  expect(refusal(rigged, 'rigged a b')).toBe('perwatt rigged takes one RIG, but also got "b".')
  expect(parse(rigged, 'rigged a --json').operands).toEqual(['a'])
  expect(refusal(rigged, 'rigged --help')).toBe('accepted')
})

test('what belongs to another program is left alone, with or without the dashes', () => {
  const dashed = parse(wrapping, 'wrapping --json -- ls --color=auto -- -x')
  expect(dashed.operands).toEqual(['ls', '--color=auto', '--', '-x'])
  expect(dashed.has('json')).toBe(true)
  const bare = parse(wrapping, 'wrapping --output f ls --json -x')
  expect(bare.operands).toEqual(['ls', '--json', '-x'])
  expect([bare.has('json'), bare.text('output')]).toEqual([false, 'f'])
  expect(refusal(wrapping, 'wrapping --json --')).toMatch(/^perwatt wrapping needs CMD/)
})

test('an option that was never declared is a bug, not an absent one', () => {
  expect(() => parse(plain, 'plain').has('typo')).toThrow('--typo was never declared')
})

test('any words at all are accepted or refused, never an exception', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('--', '-', '--json', '--by', '--since=', '-qv', '-h', '--__proto__', '--=', '-=x', '--no-json'),
  )
  fc.assert(
    fc.property(fc.array(word), fc.constantFrom(plain, rigged, wrapping), (words, command) => {
      const parsed = parseArguments([command.name, ...words], command, globalOptions)
      if (!parsed.ok) expect(parsed.reason).not.toBe('')
    }),
    fcOptions('arguments', 500, 50_000),
  )
})
