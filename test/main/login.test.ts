import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { desktopEntry, systemLoginItem, xdgLoginItem } from '../../main/login.ts'

let config: string
beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'perwatt-login-'))
})
afterEach(() => rmSync(config, { recursive: true, force: true }))

const restart = { argv: ['/opt/Perwatt/perwatt', '--hidden'], env: {} }
const file = () => join(config, 'autostart', 'perwatt.desktop')

test('switching on writes an autostart entry that starts hidden, switching off removes it', () => {
  const item = xdgLoginItem(config, restart)
  expect(item.isOn()).toBe(false)
  expect(item.set(true)).toEqual({ ok: true, value: { loginItem: true } })
  expect(readFileSync(file(), 'utf8')).toContain('\nExec=/opt/Perwatt/perwatt --hidden\n')
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(item.isOn()).toBe(true)
  expect(item.set(false)).toEqual({ ok: true, value: { loginItem: false } })
  expect(existsSync(file())).toBe(false)
  expect(item.set(false).ok).toBe(true)
})

test('an entry that the desktop switched off in place counts as off', () => {
  const item = xdgLoginItem(config, restart)
  item.set(true)
  for (const line of ['Hidden=true', 'X-GNOME-Autostart-enabled=false']) {
    writeFileSync(file(), `[Desktop Entry]\nExec=perwatt\n${line}\n`)
    expect(item.isOn()).toBe(false)
  }
})

test('a folder that cannot be made is a problem that names the file', () => {
  writeFileSync(join(config, 'autostart'), 'a file where the folder should be')
  expect(xdgLoginItem(config, restart).set(true)).toMatchObject({
    ok: false,
    code: 'notWritable',
    reason: expect.stringContaining(file()),
  })
})

test('arguments are quoted as the Desktop Entry Specification asks, environment comes through env', () => {
  const entry = desktopEntry({
    argv: ['/opt/my apps/perwatt', '--data-dir', '/data/50%/a"b\\c$d'],
    env: { PERWATT_NODE: '/opt/node 24/bin/node' },
  })
  expect(entry).toContain(
    'Exec=/usr/bin/env "PERWATT_NODE=/opt/node 24/bin/node" "/opt/my apps/perwatt" --data-dir "/data/50%%/a\\\\"b\\\\\\\\c\\\\$d"\n',
  )
})

test('macOS and Windows are asked for the very item that was set', () => {
  const calls: unknown[] = []
  let isOn = false
  const app = {
    getLoginItemSettings: (options?: object) => {
      calls.push(options)
      return { openAtLogin: isOn } as Electron.LoginItemSettings
    },
    setLoginItemSettings: ({ openAtLogin }: Electron.Settings) => {
      isOn = openAtLogin ?? false
    },
  }
  const item = systemLoginItem(app, restart)
  expect(item.set(true)).toEqual({ ok: true, value: { loginItem: true } })
  expect(item.isOn()).toBe(true)
  expect(calls).toEqual([{ args: ['--hidden'] }, { args: ['--hidden'] }])
})
