import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { BuiltInCatalogue, builtInApps, type Matcher } from '../../../engine/catalogue/catalogue.ts'
import { formatJson } from '../../../engine/catalogue/format.ts'
import { parseRules } from '../../../engine/catalogue/rules.ts'
import { examples } from './examples.ts'

const apps = builtInApps()
const file = readFileSync(new URL('../../../engine/catalogue/catalogue.json', import.meta.url), 'utf8')

test('the shipped file is what the schema describes, with more than 200 apps', () => {
  expect(BuiltInCatalogue.parse(JSON.parse(file)).apps.length).toBeGreaterThan(200)
})

test('the shipped file is sorted by id, each id once, and written as one block an app', () => {
  const ids = apps.map((app) => app.id)
  expect(ids).toEqual([...new Set(ids)].sort())
  expect(file).toBe(formatJson(JSON.parse(file)))
})

test('every role is one that a process of the app, or below it, can have: its program is named', () => {
  for (const app of apps) {
    for (const { match } of app.roles ?? []) {
      expect('exe' in match || 'module' in match || 'path' in match, `${app.id}`).toBe(true)
    }
  }
})

test('an editor extension names editors that are in the catalogue', () => {
  const ids = new Set(apps.map((app) => app.id))
  for (const app of apps) for (const host of app.hosts ?? []) expect(ids.has(host), `${app.id} in ${host}`).toBe(true)
})

test('no entry goes by the bare name of an interpreter, a shell, or a tool that reads files', () => {
  const everyday = [
    'python',
    'python3',
    'node',
    'java',
    'bash',
    'sh',
    'zsh',
    'vim',
    'grep',
    'tail',
    'ssh',
    'git',
    'docker',
    'main.py',
    'index.js',
  ]
  for (const app of apps) {
    for (const matcher of Object.values(app.match).flatMap((matchers) => matchers ?? [])) {
      const isBare = Object.keys(matcher).every((key) => key === 'exe')
      if (isBare) for (const name of namesOf(matcher)) expect(everyday, app.id).not.toContain(name)
    }
  }
})

test('every example belongs to an app of the catalogue that has matchers on its platform', () => {
  for (const { app, on = 'linux' } of examples) {
    const entry = apps.find((each) => each.id === app)
    expect([...(entry?.match.everywhere ?? []), ...(entry?.match[on] ?? [])], app).not.toEqual([])
  }
})

test('the examples of the documentation are what the catalogue has and what a rule file may hold', () => {
  const page = readFileSync(new URL('../../../docs/catalogue.md', import.meta.url), 'utf8')
  const [entry = '', rules = ''] = [...page.matchAll(/```json\n(.*?)```/gs)].map((block) => block[1])
  expect(JSON.parse(entry)).toEqual(apps.find((app) => app.id === 'tabby'))
  expect(parseRules(rules, 'rules.json')).toMatchObject({ ok: true, value: { ignore: ['jupyter'] } })
})

function namesOf(matcher: Matcher): readonly string[] {
  return matcher.exe === undefined ? [] : typeof matcher.exe === 'string' ? [matcher.exe] : matcher.exe
}
