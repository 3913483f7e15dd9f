import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { commands } from '../../cli/commands/registry.ts'
import { completionScript, SHELLS } from '../../cli/completions.ts'
import { globalOptions } from '../../cli/options.ts'

const directory = mkdtempSync(join(tmpdir(), 'perwatt-completions-'))
afterAll(() => rmSync(directory, { recursive: true }))

const everyOption = [...globalOptions, ...commands.flatMap((command) => command.options)]

test('a name means the same option everywhere, so that one table can complete it', () => {
  for (const option of everyOption) {
    const others = everyOption.filter((other) => other.name === option.name)
    for (const other of others) expect([other.value, other.short]).toEqual([option.value, option.short])
  }
})

test.each(SHELLS)('the script for %s knows every command and every option', (shell) => {
  const script = completionScript(shell, commands)
  for (const { name } of commands) expect(script).toContain(name)
  for (const { name, short } of everyOption) {
    expect(script).toContain(shell === 'fish' ? `-l ${name}` : `--${name}`)
    if (short !== undefined) expect(script).toMatch(new RegExp(shell === 'fish' ? `-s ${short} ` : `-${short}\\b`))
  }
})

// zsh and fish are not on every machine; bash is on all that this project is developed on.
const installed = SHELLS.filter((shell) => shell === 'bash' || spawnSync(shell, ['-c', ':']).error === undefined)

test.each(installed)('%s itself finds no fault in its script', (shell) => {
  const file = join(directory, shell)
  writeFileSync(file, completionScript(shell, commands))
  const checked = spawnSync(shell, ['-n', file], { encoding: 'utf8' })
  expect([checked.status, checked.stderr]).toEqual([0, ''])
})

/** What bash offers at the end of a line; the last word is the one being typed. */
function offered(...words: string[]): string[] {
  const ask = `
    COMP_WORDS=(perwatt ${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length}
    _perwatt
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const bash = spawnSync('bash', ['-c', completionScript('bash', commands) + ask], { encoding: 'utf8' })
  expect(bash.stderr).toBe('')
  return bash.stdout.split('\n').filter((line) => line !== '')
}

test('bash completes commands, options, their values, and another program behind the dashes', () => {
  expect(offered('do')).toEqual(['doctor'])
  expect(offered('history', '--s')).toEqual(['--since'])
  expect(offered('history', '--by', '')).toEqual(['app', 'domain', 'hour', 'day'])
  expect(offered('--json', 'history', '--u')).toEqual(['--until'])
  expect(offered('history', '--since', '')).toEqual([])
  expect(offered('completions', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']))
  expect(offered('run', '--', 'printen')).toContain('printenv')
  expect(offered('now', '--data-dir', '/us')).toEqual(['/usr'])
})

test.runIf(installed.includes('fish'))('fish does so too', () => {
  const script = completionScript('fish', commands)
  const fish = (line: string) =>
    spawnSync('fish', ['-c', `${script}\ncomplete -C ${JSON.stringify(line)}`], { encoding: 'utf8' })
      .stdout.split('\n')
      .map((one) => one.split('\t')[0])
      .filter((one) => one !== '')
  expect(fish('perwatt do')).toEqual(['doctor'])
  expect(fish('perwatt history --by ')).toEqual(expect.arrayContaining(['app', 'domain', 'hour', 'day']))
  expect(fish('perwatt run -- printen')).toContain('printenv')
})
