import { resolve } from 'node:path'
import { defaultDataDir, type Surroundings as Home } from '../contract/data-dir.ts'

export type Options = {
  /** Ledger, settings, socket and the app's own profile; one instance a folder. */
  readonly dataDir: string
  /** False where the folder is the one that everybody gets: then nothing has to name it again. */
  readonly isDataDirChosen: boolean
  /** Started by the session, not by a person: no window. */
  readonly isHidden: boolean
  /** Options that are the engine's business, handed on as they came. */
  readonly engineArgs: readonly string[]
}

export type Surroundings = Home & { readonly cwd: string }

const FOR_THE_ENGINE = ['--path.procfs', '--path.sysfs', '--path.rootfs', '--config']

/**
 * The command line of the app. Switches of Chromium stand among them (`--no-sandbox`), so what is not ours is not an
 * error. A value may follow its option or an equals sign.
 */
export function parseOptions(argv: readonly string[], surroundings: Surroundings): Options {
  const chosen = optionValue(argv, '--data-dir')
  const dataDir = chosen === null ? defaultDataDir(surroundings) : resolve(surroundings.cwd, chosen)
  const handedOn = FOR_THE_ENGINE.flatMap((name) => {
    const value = optionValue(argv, name)
    return value === null ? [] : [name, resolve(surroundings.cwd, value)]
  })
  return {
    dataDir,
    isDataDirChosen: chosen !== null,
    isHidden: argv.includes('--hidden'),
    engineArgs: ['--data-dir', dataDir, ...handedOn],
  }
}

function optionValue(argv: readonly string[], name: string): string | null {
  for (const [index, argument] of argv.entries()) {
    if (argument.startsWith(`${name}=`)) return argument.slice(name.length + 1)
    if (argument === name) return argv[index + 1] ?? null
  }
  return null
}
