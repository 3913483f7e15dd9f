import { expect, test } from 'vitest'
import { parseOptions, type Surroundings } from '../../main/options.ts'

const linux: Surroundings = { env: {}, platform: 'linux', home: '/home/ada', cwd: '/home/ada/work' }

test('without options everything goes to the data folder of the system', () => {
  expect(parseOptions(['--no-sandbox', '/opt/perwatt'], linux)).toEqual({
    dataDir: '/home/ada/.local/share/perwatt',
    isDataDirChosen: false,
    isHidden: false,
    engineArgs: ['--data-dir', '/home/ada/.local/share/perwatt'],
  })
})

test('XDG_DATA_HOME is followed where it is absolute and ignored where it is not', () => {
  const under = (dataHome: string) => parseOptions([], { ...linux, env: { XDG_DATA_HOME: dataHome } }).dataDir
  expect(under('/data')).toBe('/data/perwatt')
  expect(under('data')).toBe('/home/ada/.local/share/perwatt')
})

test('macOS and Windows have data folders of their own', () => {
  expect(parseOptions([], { ...linux, platform: 'darwin', home: '/Users/ada' }).dataDir).toBe(
    '/Users/ada/Library/Application Support/Perwatt',
  )
  expect(parseOptions([], { ...linux, platform: 'win32', env: { LOCALAPPDATA: '/local' } }).dataDir).toBe(
    '/local\\Perwatt',
  )
})

test('a named data folder is made absolute, is remembered as named, and is handed to the engine', () => {
  for (const argv of [['--data-dir', 'here'], ['--data-dir=here']]) {
    expect(parseOptions(argv, linux)).toMatchObject({
      dataDir: '/home/ada/work/here',
      isDataDirChosen: true,
      engineArgs: ['--data-dir', '/home/ada/work/here'],
    })
  }
})

test('options of the engine are handed on with absolute paths, those of Chromium are not', () => {
  const argv = ['--disable-gpu', '--path.procfs', '/host/proc', '--path.sysfs=sys', '--hidden']
  expect(parseOptions(argv, linux)).toMatchObject({
    isHidden: true,
    engineArgs: [
      ...['--data-dir', '/home/ada/.local/share/perwatt'],
      ...['--path.procfs', '/host/proc', '--path.sysfs', '/home/ada/work/sys'],
    ],
  })
})

test('an option whose value is missing counts as not given', () => {
  expect(parseOptions(['--data-dir'], linux).isDataDirChosen).toBe(false)
})
