import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppId } from '../../../contract/ids.ts'
import { builtInApps, UserApp } from '../../../engine/catalogue/catalogue.ts'
import { compileCatalogue } from '../../../engine/catalogue/match.ts'
import type { Platform } from '../../../engine/catalogue/program.ts'
import { noRules, type Rules } from '../../../engine/catalogue/rules.ts'
import { fcOptions } from '../../support/counts.ts'
import { examples, started } from './examples.ts'
import { ordinary } from './ordinary.ts'

const platforms = ['linux', 'darwin', 'win32'] as const
const shipped = {
  linux: compileCatalogue(builtInApps(), noRules, 'linux'),
  darwin: compileCatalogue(builtInApps(), noRules, 'darwin'),
  win32: compileCatalogue(builtInApps(), noRules, 'win32'),
} satisfies Record<Platform, unknown>

describe('the shipped catalogue', () => {
  test.each(examples.map((each) => [each.process.cmdline || each.process.comm, each] as const))(
    'knows %s',
    (_, example) => {
      const match = shipped[example.on ?? 'linux'].match(example.process)
      expect(match?.app).toBe(example.app)
      if (example.role !== undefined) expect(match?.role).toBe(example.role)
    },
  )

  test.each(ordinary.map((each) => [each.cmdline || each.comm, each] as const))(
    'takes nothing for AI in: %s',
    (_, process) => {
      expect(shipped.linux.match(process)).toBeNull()
    },
  )

  test('has examples for at least 60 apps and at least 150 ordinary processes', () => {
    expect(new Set(examples.map((each) => each.app)).size).toBeGreaterThanOrEqual(60)
    expect(ordinary.length).toBeGreaterThanOrEqual(150)
  })

  test('takes no argument of an ordinary program for AI, whatever AI is named there', () => {
    const readers = ['vim', 'less', 'grep', 'tail', 'ssh', 'git', 'docker', 'sudo', 'make', 'tmux', 'echo']
    for (const reader of readers) {
      for (const { process, on } of examples) {
        if (on !== undefined) continue
        const argv = [reader, ...process.cmdline.split(' ')]
        expect(shipped.linux.match(started(argv)), argv.join(' ')).toBeNull()
      }
    }
  })

  test('does not depend on the order of its entries', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...builtInApps()], { minLength: builtInApps().length }), (apps) => {
        const shuffled = compileCatalogue(apps, noRules, 'linux')
        for (const { process, on } of examples) {
          if (on === undefined) expect(byApp(shuffled.match(process))).toEqual(byApp(shipped.linux.match(process)))
        }
      }),
      fcOptions('catalogue', 10, 200),
    )
  })

  test('never throws and never answers with a part of the command line, whatever a process calls itself', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5000 }),
      fc.constantFrom(...examples.map((e) => e.process.cmdline)),
    )
    const maybe = fc.option(text)
    const identity = fc.record({
      exe: maybe,
      comm: text,
      argv0: maybe,
      cmdline: text,
      container: maybe,
      bundleId: maybe,
      cwd: maybe,
    })
    const known = new Set(builtInApps().flatMap((app) => [app.id, ...(app.roles ?? []).map((role) => role.role)]))
    fc.assert(
      fc.property(identity, fc.constantFrom(...platforms), (process, platform) => {
        const match = shipped[platform].match(process)
        if (match === null) return
        for (const said of [match.app, match.role, ...match.claims.flatMap((claim) => [claim.app, claim.role])]) {
          if (said !== null) expect(known.has(said)).toBe(true)
        }
      }),
      fcOptions('catalogue', 300, 20_000),
    )
  })

  test('describes a client of a remote model as not local, and an editor as not AI', () => {
    expect(shipped.linux.describe(AppId.parse('claude-desktop'))).toMatchObject({ local: false, countsAsAi: true })
    expect(shipped.linux.describe(AppId.parse('vscode'))).toMatchObject({ local: false, countsAsAi: false })
    expect(shipped.linux.describe(AppId.parse('ollama'))).toEqual({
      id: 'ollama',
      name: 'Ollama',
      category: 'model-server',
      local: true,
      countsAsAi: true,
      connector: 'ollama',
      alsoConnectors: ['openai-compatible'],
      ports: [11434],
      source: 'built-in',
    })
    expect(shipped.linux.describe(AppId.parse('nobody'))).toBeNull()
  })

  test('lists what it recognises on a platform in words', () => {
    expect(shipped.linux.apps.find((app) => app.id === 'tabby')).toEqual({
      id: 'tabby',
      name: 'Tabby',
      category: 'ide-assistant',
      connector: 'openai-compatible',
      local: true,
      countsAsAi: true,
      source: 'built-in',
      match: ['exe tabby, interpreter none, args ^(?:serve|worker)\\b', 'container tabbyml/tabby'],
    })
    expect(shipped.linux.apps.some((app) => app.id === 'macwhisper')).toBe(false)
  })
})

describe('a process whose executable cannot be read', () => {
  const unreadable = (comm: string, argv0: string | null = null) =>
    started([], { exe: null, comm, argv0, cmdline: argv0 ?? '' })

  test('is known by its command line, and else by its short name', () => {
    expect(shipped.linux.match(unreadable('x', '/opt/bin/llama-server'))?.app).toBe('llama-server')
    expect(shipped.linux.match(unreadable('llama-server'))?.app).toBe('llama-server')
  })

  test('is known by the first 15 characters of a longer name', () => {
    expect(shipped.linux.match(unreadable('text-generation'))?.app).toBe('tgi')
    expect(shipped.linux.match(unreadable('text-embeddings'))?.app).toBe('tei')
    expect(shipped.linux.match(unreadable('text-gen'))).toBeNull()
  })

  test('is not taken by its short name where the executable is readable and another', () => {
    expect(shipped.linux.match(started(['/usr/bin/other'], { comm: 'text-generation' }))).toBeNull()
    expect(shipped.linux.match(started(['/usr/bin/other'], { comm: 'ollama' }))).toBeNull()
  })
})

describe('the user’s rules', () => {
  const compile = (rules: Partial<Rules>) => compileCatalogue(builtInApps(), { ...noRules, ...rules }, 'linux')
  const app = (fields: object) => UserApp.parse(fields)

  test('name an app of the user’s own', () => {
    const catalogue = compile({
      apps: [app({ id: 'tracker', name: 'Tracker', match: { everywhere: [{ exe: 'track.py' }] } })],
    })
    const match = catalogue.match(
      started(['python3', '/home/ada/track.py', '--token', 'secret'], { exe: 'python3.12' }),
    )
    expect(match).toEqual({
      app: 'tracker',
      role: null,
      computes: null,
      claims: [],
      byContainer: false,
      holdsTerminal: false,
    })
    expect(catalogue.describe(AppId.parse('tracker'))).toMatchObject({ category: 'other', local: true, source: 'user' })
  })

  test('win over built-in entries that are more specific', () => {
    const catalogue = compile({ apps: [app({ id: 'mine', match: { linux: [{ exe: 'llama-server' }] } })] })
    expect(catalogue.match(started(['/usr/lib/ollama/llama-server', '--port', '1']))?.app).toBe('mine')
  })

  test('change and extend a built-in entry under its id', () => {
    const own = app({ id: 'vscode', countsAsAi: true, match: { linux: [{ exe: 'my-code' }] } })
    const catalogue = compile({ apps: [own] })
    expect(catalogue.match(started(['/opt/my-code']))?.app).toBe('vscode')
    expect(catalogue.match(started(['/usr/share/code/code']))?.app).toBe('vscode')
    expect(catalogue.describe(own.id)).toMatchObject({
      name: 'Visual Studio Code',
      countsAsAi: true,
      source: 'built-in',
    })
  })

  test('say whether an app holds terminals', () => {
    const editor = started(['/usr/share/code/code'])
    expect(shipped.linux.match(editor)?.holdsTerminal).toBe(true)
    expect(compile({ apps: [app({ id: 'vscode', holdsTerminal: false })] }).match(editor)?.holdsTerminal).toBe(false)
  })

  test('may ask for an image and a program together', () => {
    const own = app({ id: 'mine', match: { everywhere: [{ container: '^shop/', exe: 'worker' }] } })
    const catalogue = compile({ apps: [own] })
    expect(catalogue.match(started(['worker'], { container: 'registry.local:5000/shop/api:2' }))?.app).toBe('mine')
    expect(catalogue.match(started(['worker'], { container: 'other/shop' }))).toBeNull()
    expect(catalogue.match(started(['worker']))).toBeNull()
  })

  test('switch a built-in entry off, and its name stays for the history', () => {
    const ollama = AppId.parse('ollama')
    const catalogue = compile({ ignore: [ollama] })
    expect(catalogue.match(started(['/usr/bin/ollama', 'serve']))).toBeNull()
    expect(catalogue.apps.some((each) => each.id === ollama)).toBe(false)
    expect(catalogue.describe(ollama)?.name).toBe('Ollama')
  })

  test('cannot take Perwatt itself', () => {
    const catalogue = compile({ apps: [app({ id: 'all', match: { everywhere: [{ path: '.' }] } })] })
    expect(catalogue.match(started(['/opt/Perwatt/perwatt']))).toBeNull()
    expect(catalogue.match(started(['node', '/usr/bin/perwatt', 'top'], { exe: 'node' }))).toBeNull()
    expect(catalogue.match(started(['/usr/bin/ls']))?.app).toBe('all')
  })
})

test('between two entries that match, the longer pattern decides, and the id where they are alike', () => {
  const entry = (id: string, path: string) => UserApp.parse({ id, match: { everywhere: [{ exe: 'run', path }] } })
  const compile = (...apps: UserApp[]) => compileCatalogue([], { ...noRules, apps }, 'linux')
  const process = started(['/srv/model/run'])
  expect(compile(entry('a', 'run$'), entry('b', '/model/run$')).match(process)?.app).toBe('b')
  expect(compile(entry('b', 'run$'), entry('a', 'run$')).match(process)?.app).toBe('a')
})

function byApp(match: ReturnType<(typeof shipped)['linux']['match']>) {
  return match && { ...match, claims: [...match.claims].sort((a, b) => (a.app < b.app ? -1 : 1)) }
}
