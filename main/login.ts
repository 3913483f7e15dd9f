import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ok, problem, type Result } from '../contract/result.ts'

/** Starting with the session, hidden. */
export type LoginItem = {
  /** `null` where this system cannot be asked. */
  isOn(): boolean | null
  set(on: boolean): Result<{ loginItem: boolean | null }, 'notSupported' | 'notWritable'>
}

/** What starts the app again, argument by argument. */
export type Restart = { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }

/** XDG autostart (specifications.freedesktop.org/autostart-spec): a file in the user's own folder, made and removed by us. */
export function xdgLoginItem(configDir: string, restart: Restart): LoginItem {
  const file = join(configDir, 'autostart', 'perwatt.desktop')
  return {
    isOn: () => existsSync(file) && !isSwitchedOff(readFileSync(file, 'utf8')),
    set(on) {
      try {
        if (on) writeWhole(file, desktopEntry(restart))
        else rmSync(file, { force: true })
      } catch (error) {
        return problem('notWritable', `${file} could not be ${on ? 'written' : 'removed'} (${codeOf(error)}).`)
      }
      return ok({ loginItem: on })
    },
  }
}

/** macOS and Windows keep login items themselves. Written after Electron's documentation; not run on either yet. */
export function systemLoginItem(
  app: Pick<Electron.App, 'getLoginItemSettings' | 'setLoginItemSettings'>,
  restart: Restart,
): LoginItem {
  const args = restart.argv.slice(1)
  return {
    isOn: () => app.getLoginItemSettings({ args }).openAtLogin,
    set(on) {
      app.setLoginItemSettings({ openAtLogin: on, args })
      return ok({ loginItem: app.getLoginItemSettings({ args }).openAtLogin })
    },
  }
}

export function desktopEntry({ argv, env }: Restart): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const command = settings.length === 0 ? argv : ['/usr/bin/env', ...settings, ...argv]
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Perwatt',
    'Comment=The efficiency meter for the AI on this computer',
    `Exec=${command.map(quoteForExec).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/** Desktop Entry Specification, "The Exec key": quoted, then escaped once more as any string of the file; `%` doubled. */
function quoteForExec(argument: string): string {
  const doubled = argument.replaceAll('%', '%%')
  if (/^[\w@%+=:,./-]+$/.test(doubled)) return doubled
  return `"${doubled.replaceAll(/["`$\\]/g, '\\$&').replaceAll('\\', '\\\\')}"`
}

/** A desktop's own settings switch an entry off in place. */
function isSwitchedOff(text: string): boolean {
  return /^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/im.test(text)
}

function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
