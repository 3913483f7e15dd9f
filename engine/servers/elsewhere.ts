import { AppId } from '../../contract/ids.ts'

const PREFIX = 'elsewhere/'

/**
 * Under which app the output of a server is kept whose processes are not seen here (another machine, Docker Desktop, WSL): its tokens count,
 * over no joule of this machine.
 */
export function elsewhereApp(origin: string): AppId {
  return AppId.parse(`${PREFIX}${origin.replace(/^https?:\/\//, '')}`.slice(0, 120))
}

export function isElsewhere(app: AppId): boolean {
  return app.startsWith(PREFIX)
}
