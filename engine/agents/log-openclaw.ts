import type { AgentReader } from './agent-log.ts'
import { piSession } from './pi-session.ts'

/** OpenClaw's sessions, under the names that it had before, too, and those that it set aside. Format: ryoppippi/ccusage `adapter/openclaw`. */
export const logOpenclaw: AgentReader = {
  id: 'log-openclaw',
  apps: ['openclaw'],
  places: ({ env, home }) => {
    const roots = env.OPENCLAW_DIR
      ? [env.OPENCLAW_DIR]
      : ['.openclaw', '.clawdbot', '.moltbot', '.moldbot'].map((name) => `${home}/${name}`)
    return roots.map((root) => ({
      path: `${root}/agents`,
      depth: 3,
      format: (names) =>
        names.at(-2) === 'sessions' && /\.jsonl(\.(deleted|reset)\.[\w.:-]+)?$/.test(names.at(-1) ?? '')
          ? piSession
          : null,
    }))
  },
}
