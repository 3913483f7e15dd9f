/** The surroundings that decide where a person's data lies. */
export type Surroundings = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  readonly home: string
}

/**
 * Where app and command keep what must not be lost, unless told otherwise (--data-dir): each system's own place for it.
 * Linux: XDG Base Directory Specification, which says that a relative path is to be ignored.
 */
export function defaultDataDir({ env, platform, home }: Surroundings): string {
  if (platform === 'darwin') return `${home}/Library/Application Support/Perwatt`
  if (platform === 'win32') return `${env.LOCALAPPDATA ?? `${home}\\AppData\\Local`}\\Perwatt`
  const dataHome = env.XDG_DATA_HOME
  return `${dataHome?.startsWith('/') ? dataHome : `${home}/.local/share`}/perwatt`
}
