import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppId } from '../../../contract/ids.ts'
import { ok } from '../../../contract/result.ts'
import { Category } from '../../../engine/catalogue/catalogue.ts'
import { compileCatalogue } from '../../../engine/catalogue/match.ts'
import {
  appFor,
  forgetApp,
  formatRules,
  nameApp,
  noRules,
  parseRules,
  type Rules,
} from '../../../engine/catalogue/rules.ts'
import { suggestRule } from '../../../engine/catalogue/suggest.ts'
import { fcOptions } from '../../support/counts.ts'
import { examples, started } from './examples.ts'
import { ordinary } from './ordinary.ts'

const minimal = `{
  "version": 1,
  "apps": [
    { "id": "tracker", "match": { "everywhere": [{ "exe": "track.py" }] } }
  ],
  "ignore": ["jupyter"]
}
`

test('a rule file is read, and written as it was', () => {
  const rules = parseRules(minimal, 'rules.json')
  expect(rules).toEqual(
    ok({
      version: 1,
      apps: [{ id: 'tracker', match: { everywhere: [{ exe: 'track.py' }] } }],
      ignore: ['jupyter'],
    }),
  )
  if (rules.ok) expect(parseRules(formatRules(rules.value), 'rules.json')).toEqual(rules)
})

test('a file with nothing but the version has no rules', () => {
  expect(parseRules('{"version":1}', 'rules.json')).toEqual(ok(noRules))
})

describe('a fault in a rule file is told with file, line, column and what was expected', () => {
  const app = (fields: string) => `{\n  "version": 1,\n  "apps": [\n    { "id": "x", ${fields} }\n  ]\n}`
  test.each([
    ['', 'rules.json:1:1: expected a value (text stands in double quotes).'],
    ['{"version": 1,}', 'rules.json:1:15: expected a key in double quotes.'],
    ['{\n  "version": 1\n  "apps": []\n}', 'rules.json:3:3: expected "," or "}".'],
    ['{"version": 1, "version": 1}', 'rules.json:1:16: expected each key once.'],
    ['{"version": 1} x', 'rules.json:1:16: expected the end of the file.'],
    [
      '{"version": 1, "apps": [{"id": "x',
      'rules.json:1:32: expected the text to end with a double quote, on the same line.',
    ],
    ['[]', 'rules.json:1:1: the document: expected object, received array.'],
    ['{"version": 2}', 'rules.json:1:2: version: expected 1.'],
    ['{}', 'rules.json:1:1: version: missing; expected 1.'],
    ['{"version": 1,\n "aps": []}', 'rules.json:2:2: aps: not a key that is known here.'],
    [
      app('"match": { "linux": [{ "exe": 7 }] }'),
      'rules.json:4:41: apps[0].match.linux[0].exe: expected text or a list of texts, none of them empty.',
    ],
    [
      app('"match": { "linux": [{ "args": "x" }] }'),
      'rules.json:4:39: apps[0].match.linux[0]: expected at least one of exe, module, path, container, bundleId.',
    ],
    [
      app('"match": { "linux": [{ "path": "(" }] }'),
      'rules.json:4:41: apps[0].match.linux[0].path: expected a regular expression as JavaScript has them.',
    ],
    [
      app('"match": { "linux": [{ "path": "(a+)+$" }] }'),
      'rules.json:4:41: apps[0].match.linux[0].path: expected a pattern that is quick to try: begin it with ^, use fewer * + ?, repeat nothing that repeats inside.',
    ],
    [app('"match": {}'), 'rules.json:4:18: apps[0].match: expected at least one of everywhere, linux, darwin, win32.'],
    [app('"name": "X"'), 'rules.json:4:5: apps[0].match: missing; expected for an app that is not built in.'],
    ['{"version": 1, "ignore": ["olama"]}', 'rules.json:1:27: ignore[0]: expected the id of an app in the catalogue.'],
  ])('%s', (text, reason) => {
    expect(parseRules(text, 'rules.json')).toEqual({ ok: false, code: 'badRules', reason, remedy: null })
  })

  test('the first of several, with their number', () => {
    const text = '{"version": 1, "apps": [{ "id": "X y" }, { "id": "z", "ports": [0] }]}'
    expect(parseRules(text, 'r.json')).toMatchObject({
      reason: 'r.json:1:25: apps[0].match: missing; expected for an app that is not built in (and 3 more).',
    })
  })
})

test('whatever the text of a rule file: rules, or a problem with a position, never an exception', () => {
  const broken = fc
    .tuple(fc.nat(minimal.length), fc.nat(20), fc.string({ maxLength: 5 }))
    .map(([at, cut, put]) => minimal.slice(0, at) + put + minimal.slice(at + cut))
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), broken, fc.constant('['.repeat(200_000)))
  fc.assert(
    fc.property(text, (garbage) => {
      const rules = parseRules(garbage, 'rules.json')
      if (!rules.ok) expect(rules.reason).toMatch(/^rules\.json:\d+:\d+: .+\.$/s)
    }),
    fcOptions('catalogue', 500, 20_000),
  )
})

describe('naming an app', () => {
  const name = (rules: Rules, exe: string, label: string) => {
    const app = appFor(exe, label, 'other')
    return app.ok ? nameApp(rules, app.value) : app
  }

  test('adds a rule whose id comes from the name, or from the program where the name has no Latin letter', () => {
    expect(appFor('trk', 'Mon Modèle 2', 'training')).toEqual(
      ok({ id: 'mon-modele-2', name: 'Mon Modèle 2', category: 'training', match: { everywhere: [{ exe: 'trk' }] } }),
    )
    expect(appFor('bert/train.py', '训练', 'training')).toEqual(
      ok({
        id: 'bert-train.py',
        name: '训练',
        category: 'training',
        match: { everywhere: [{ exe: 'train.py', path: '/bert/train\\.py$' }] },
      }),
    )
    expect(appFor('x', ' ', 'other')).toMatchObject({ ok: false, code: 'badName' })
  })

  test('is refused for an interpreter or a shell: the rule would take everything that it runs', () => {
    for (const exe of ['python3.12', 'node', 'bash', 'java']) {
      expect(appFor(exe, 'Mine', 'other')).toMatchObject({ ok: false, code: 'tooBroad' })
    }
  })

  test('is refused where the id is taken, by the catalogue or by the user', () => {
    expect(name(noRules, 'x', 'Ollama')).toMatchObject({ ok: false, code: 'nameTaken' })
    const once = name(noRules, 'x', 'Mine')
    expect(once.ok && name(once.value, 'y', 'mine')).toMatchObject({ ok: false, code: 'nameTaken' })
  })

  test('is undone by forgetting it; a built-in app is ignored instead', () => {
    const named = name(noRules, 'x', 'Mine')
    expect(named.ok && forgetApp(named.value, AppId.parse('mine'))).toEqual(ok(noRules))
    expect(forgetApp(noRules, AppId.parse('ollama'))).toEqual(ok({ ...noRules, ignore: ['ollama'] }))
    expect(forgetApp(noRules, AppId.parse('nobody'))).toMatchObject({ ok: false, code: 'unknownApp' })
  })

  test('by what was suggested recognises the process, whose arguments are not in the rule', () => {
    for (const process of [
      ...ordinary,
      ...examples.filter((each) => each.on === undefined).map((each) => each.process),
    ]) {
      const suggestion = suggestRule(process, 'linux')
      if (suggestion === null || /\bperwatt\b/i.test(process.cmdline)) continue
      const app = appFor(suggestion.exe, 'Named', 'other')
      if (!app.ok) throw new Error(app.reason)
      const catalogue = compileCatalogue([], { ...noRules, apps: [app.value] }, 'linux')
      expect(catalogue.match(process)?.app, process.cmdline).toBe('named')
    }
  })
})

describe('what is suggested for', () => {
  test.each([
    ['a program of its own', started(['/opt/track/tracker', '--token', 's3cret']), 'tracker'],
    ['a script', started(['python3', '/home/ada/embed.py', 'sk-secret'], { exe: 'python3.12' }), 'embed.py'],
    [
      'a script with a common name',
      started(['python3', 'train.py', 'x'], { exe: 'python3.12', cwd: '/home/ada/bert' }),
      'bert/train.py',
    ],
    ['a module', started(['python3', '-m', 'coach.run', 'x'], { exe: 'python3.12' }), '-m coach.run'],
    ['code on the command line', started(['python3', '-c', 'secret()'], { exe: 'python3.12' }), null],
    ['a common script whose folder is not known', started(['python3', 'train.py'], { exe: 'python3.12' }), null],
    ['a shell', started(['/bin/bash']), null],
    ['a kernel thread', started([], { exe: null, comm: 'kswapd0', argv0: null, cmdline: '' }), null],
  ])('%s', (_, process, exe) => {
    expect(suggestRule(process, 'linux')?.exe ?? null).toBe(exe)
  })

  test('any process never contains its arguments', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('/opt/tool', 'python3 /x/job.py', 'node /x/index.js', 'bash /x/go.sh'),
        fc.uuid(),
        (program, secret) => {
          const suggestion = suggestRule(started([...program.split(' '), '--key', secret]), 'linux')
          expect(JSON.stringify(suggestion)).not.toContain(secret)
        },
      ),
      fcOptions('catalogue', 50, 1_000),
    )
  })
})

test('every category of the contract of an app can be given to a named one', () => {
  for (const category of Category.options)
    expect(appFor('x', 'X', category)).toMatchObject({ ok: true, value: { category } })
})
