import type { ServerStatus } from '../../../../contract/servers.ts'

/** A server's state by the marks that sources have. */
export const stateMarks: Readonly<Record<ServerStatus['state'], 'measuring' | 'asleep' | 'denied' | 'broken'>> = {
  asking: 'asleep',
  connected: 'measuring',
  starting: 'asleep',
  denied: 'denied',
  gone: 'broken',
  unknown: 'denied',
  broken: 'broken',
}
