import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { ok, type Result } from '../../contract/result.ts'
import { Settings } from '../../contract/settings.ts'
import { readOwnFile, replaceFile } from './atomic-file.ts'

export function settingsPath(directory: string | null): string | null {
  return directory === null ? null : join(directory, 'settings.json')
}

export interface SettingsFile {
  readonly current: Settings
  /** What was wrong with the file at the start; `null` where nothing was. */
  readonly notice: string | null
  change(part: Partial<Settings>): Result<Settings, 'notWritable'>
}

/**
 * The user's settings in one file that is always replaced as a whole. Keys that a newer version wrote are kept; a file that cannot
 * be understood is set aside, and the defaults hold. Without a path settings live in memory alone.
 */
export function openSettings(path: string | null): SettingsFile {
  let { settings, unknown, notice } = load(path)
  return {
    get current() {
      return settings
    },
    notice,
    change(part) {
      const next = Settings.parse({ ...settings, ...part })
      if (path !== null) {
        const written = replaceFile(path, `${JSON.stringify({ ...unknown, ...next }, null, 2)}\n`)
        if (!written.ok) return written
      }
      settings = next
      notice = null
      return ok(next)
    },
  }
}

type Loaded = { settings: Settings; unknown: Record<string, unknown>; notice: string | null }

function load(path: string | null): Loaded {
  const defaults: Loaded = { settings: Settings.parse({}), unknown: {}, notice: null }
  if (path === null) return defaults
  const text = readOwnFile(path)
  if (!text.ok) return { ...defaults, notice: `${text.reason} Defaults hold until it can be.` }
  if (text.value === null) return defaults
  const raw = parseObject(text.value)
  if (raw === null) return { ...defaults, notice: setAside(path) }
  const parsed = Settings.safeParse(raw)
  if (parsed.success) return { settings: parsed.data, unknown: raw, notice: null }
  // One wrong value does not cost the others.
  const good = Object.fromEntries(
    Object.entries(raw).filter(([key, value]) => Settings.partial().safeParse({ [key]: value }).success),
  )
  const wrong = Object.keys(raw).filter((key) => !(key in good))
  return {
    settings: Settings.parse(good),
    unknown: raw,
    notice: `${path}: ${wrong.join(', ')} was not understood; the default holds.`,
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}

function setAside(path: string): string {
  const aside = `${path}.unreadable`
  try {
    renameSync(path, aside)
    return `${path} was not JSON; it is kept as ${aside}, and the defaults hold.`
  } catch {
    return `${path} is not JSON; the defaults hold.`
  }
}
