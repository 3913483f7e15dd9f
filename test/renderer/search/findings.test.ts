import { expect, test } from 'vitest'
import { sections } from '../../../renderer/screens/settings/sections.ts'
import { findPlaces, placesOf } from '../../../renderer/search/findings.ts'

const places = placesOf({
  screens: [
    { id: 'now', title: 'Now' },
    { id: 'sources', title: 'Sources' },
    { id: 'settings', title: 'Settings' },
  ],
  running: [
    { id: 'comfyui', name: 'ComfyUI', category: 'image-gen' },
    { id: 'claude-code', name: 'Claude Code', category: 'coding-agent' },
  ],
  models: [{ id: 'ollama/qwen3:8b', name: 'qwen3:8b' }],
  sections,
  catalogue: [
    { id: 'claude-code', name: 'Claude Code', category: 'coding-agent' },
    { id: 'codex', name: 'Codex', category: 'coding-agent' },
  ],
})
const titles = (query: string) => findPlaces(places, query).map(({ title, note }) => `${title}: ${note}`)

test('titles that begin with the query come first, then words that do, then what is meant by it', () => {
  expect(titles('co')).toEqual([
    'ComfyUI: Running now',
    'Codex: In the catalogue, not running',
    'Claude Code: Running now',
    'Overhead and cooling: Setting',
    'Apps that count as AI: Setting',
    'Price of electricity: Setting', // cost
  ])
})

test('an app that runs is found once, where it runs; a setting is found by what people call it', () => {
  expect(titles('claude')).toEqual(['Claude Code: Running now'])
  expect(titles('dark')).toEqual(['Appearance: Setting'])
  expect(titles('tariff')).toEqual(['Price of electricity: Setting'])
})

test('nothing is found for nothing, for what does not exist, or for the inside of a word', () => {
  expect(titles('  ')).toEqual([])
  expect(titles('zzz')).toEqual([])
  expect(titles('laude')).toEqual([])
})

test('a finding says where to go', () => {
  expect(findPlaces(places, 'codex')).toEqual([
    {
      key: 'catalogue/codex',
      title: 'Codex',
      note: 'In the catalogue, not running',
      screen: 'settings',
      target: 'codex',
    },
  ])
})

test('a model that is loaded is found by its name and by its server', () => {
  expect(findPlaces(places, 'qwen')[0]).toMatchObject({ screen: 'models', target: 'ollama/qwen3:8b' })
})
