import type { AgentReader } from './agent-log.ts'
import { piSession } from './pi-session.ts'

/** The pi coding agent's sessions. Format: ryoppippi/ccusage `adapter/pi`. */
export const logPi: AgentReader = {
  id: 'log-pi',
  apps: ['pi-agent'],
  places: ({ env, home }) => [
    {
      path: `${env.PI_AGENT_DIR || `${home}/.pi/agent`}/sessions`,
      depth: 4,
      format: (names) => (names.at(-1)?.endsWith('.jsonl') ? piSession : null),
    },
  ],
}
