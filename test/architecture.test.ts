import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')

/** Folders of the engine in import order: each may use those above it. Files beside the folders are the wiring and may use all. */
const ENGINE_ORDER = [
  'clock',
  'vendor',
  'host',
  'sources',
  'processes',
  'catalogue',
  'connectors',
  'servers',
  'agents',
  'attribution',
  'work',
  'calibration',
  'lab',
  'ledger',
  'store',
  'socket',
]

/** Where the engine may touch the real machine. */
const MAY_USE_NODE = [
  'engine/host/',
  'engine/clock/system.ts',
  'engine/ledger/',
  'engine/store/',
  'engine/socket/',
  'engine/vendor/',
  'engine/meter/',
  'engine/child.ts',
]

/** What each part may import beside itself and the contract. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  engine: [],
  main: [],
  preload: [],
  renderer: [],
  cli: ['engine'],
  bench: ['engine', 'cli', 'renderer', 'test'],
  test: ['engine', 'cli', 'bench', 'main', 'preload', 'renderer', 'scripts'],
}

type Import = { readonly from: string; readonly to: string; readonly isTypeOnly: boolean }

const files = Object.keys(MAY_IMPORT).flatMap((part) => sourcesIn(part))
const imports = files.flatMap(importsOf)

describe('imports', () => {
  test('are found at all', () => {
    expect(imports.length).toBeGreaterThan(500)
  })

  test('point from each part only to those it may know', () => {
    const wrong = imports.filter(({ from, to }) => {
      if (to.startsWith('node:') || !to.includes('/')) return false
      const [source, target] = [partOf(from), partOf(to)]
      return target in MAY_IMPORT && source !== target && target !== 'contract' && !MAY_IMPORT[source]?.includes(target)
    })
    expect(wrong).toEqual([])
  })

  test('in the engine point upwards in the order of its folders', () => {
    const wrong = imports.filter(({ from, to, isTypeOnly }) => {
      const [source, target] = [engineFolder(from), engineFolder(to)]
      return source !== null && target !== null && !isTypeOnly && target > source
    })
    expect(wrong).toEqual([])
  })

  test('of Electron are in main and preload alone', () => {
    const wrong = imports.filter(({ from, to }) => to === 'electron' && !/^(main|preload|test\/|bench\/)/.test(from))
    expect(wrong).toEqual([])
  })

  test('of Node built-ins in the engine are where the machine may be touched', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        from.startsWith('engine/') && to.startsWith('node:') && !MAY_USE_NODE.some((path) => from.startsWith(path)),
    )
    expect(wrong).toEqual([])
  })

  test('of the contract are zod and its own files alone', () => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith('contract/') && to !== 'zod' && partOf(to) !== 'contract',
    )
    expect(wrong).toEqual([])
  })

  test('of attribution reach no host, clock or database: its arithmetic is pure', () => {
    const wrong = imports.filter(
      ({ from, to, isTypeOnly }) =>
        from.startsWith('engine/attribution/') &&
        !isTypeOnly &&
        /^(node:|better-sqlite3|engine\/(host|clock|ledger))/.test(to),
    )
    expect(wrong).toEqual([])
  })
})

test('no file looks at the platform with an if: the platform is a field of what it is about', () => {
  const wrong = files.filter(
    (file) =>
      /^engine\/(sources|processes|attribution|ledger)\//.test(file) &&
      /process\.platform/.test(readFileSync(join(ROOT, file), 'utf8')),
  )
  expect(wrong).toEqual([])
})

test('driver libraries are loaded in the vendor process alone', () => {
  const wrong = files.filter(
    (file) =>
      /^(engine|cli|main)\//.test(file) &&
      !/^engine\/(vendor|host)\//.test(file) &&
      /\.library\(|'koffi'/.test(readFileSync(join(ROOT, file), 'utf8')),
  )
  expect(wrong).toEqual([])
})

function sourcesIn(part: string): string[] {
  return readdirSync(join(ROOT, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?'([^']+)'/gm)].map(([, type, to]) => ({
    from: file,
    to: to?.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), to)) : (to ?? ''),
    isTypeOnly: type !== undefined,
  }))
}

function partOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function engineFolder(path: string): number | null {
  const [part, folder, rest] = path.split('/')
  if (part !== 'engine' || rest === undefined) return null
  const at = ENGINE_ORDER.indexOf(folder ?? '')
  return at < 0 ? null : at
}
