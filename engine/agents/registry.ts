import type { AgentReader } from './agent-log.ts'
import { logAider } from './log-aider.ts'
import { logAmp } from './log-amp.ts'
import { logClaudeCode } from './log-claude-code.ts'
import { logCline } from './log-cline.ts'
import { logCodex } from './log-codex.ts'
import { logContinue } from './log-continue.ts'
import { logCopilotCli } from './log-copilot-cli.ts'
import { logCrush } from './log-crush.ts'
import { logDroid } from './log-droid.ts'
import { logGemini } from './log-gemini.ts'
import { logGoose } from './log-goose.ts'
import { logHermes } from './log-hermes.ts'
import { logKimi } from './log-kimi.ts'
import { logLlm } from './log-llm.ts'
import { logOpenclaw } from './log-openclaw.ts'
import { logOpencode } from './log-opencode.ts'
import { logPi } from './log-pi.ts'
import { logQwenCode } from './log-qwen-code.ts'
import { logZed } from './log-zed.ts'

/** Every agent whose log of use is read. */
export const agentReaders: readonly AgentReader[] = [
  logClaudeCode,
  logCodex,
  logGemini,
  logQwenCode,
  logOpencode,
  logAider,
  logGoose,
  logCrush,
  logAmp,
  logContinue,
  logCline,
  logCopilotCli,
  logPi,
  logOpenclaw,
  logKimi,
  logDroid,
  logHermes,
  logZed,
  logLlm,
]
