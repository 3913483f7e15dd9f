import { ok, problem } from '../../contract/result.ts'
import type { HttpAnswer } from '../host/host.ts'
import type { Ask, Connector, OpenServer } from './connector.ts'
import { statusFault } from './json-answer.ts'
import { NOTHING_TOLD } from './server-words.ts'

const NAME = 'whisper.cpp'

/** whisper.cpp's server names itself in a header of every answer, and tells nothing of its model (examples/server/server.cpp). */
export const whisperCpp: Connector = {
  id: 'whisper-cpp',
  title: 'whisper.cpp',
  clientSetting: 'http://127.0.0.1:{port}/inference',
  unloadsBy: 'stoppingTheProcess',
  async identify(ask) {
    const answer = await ask('/health')
    if (!answer.ok) return answer.code === 'foreign' ? ok(null) : answer
    if (answer.value.headers.server !== NAME) return ok(null)
    const fault = faultOf(answer.value)
    return fault ?? ok(open(ask))
  },
}

function open(ask: Ask): OpenServer {
  return {
    async poll() {
      const health = await ask('/health')
      if (!health.ok) return health
      if (health.value.headers.server !== NAME) return problem('foreign', 'It answers, but not as whisper.cpp does.')
      return faultOf(health.value) ?? ok(NOTHING_TOLD)
    },
    unload: null,
  }
}

/** 503 while it loads its model; builds of 2024 have no such path. */
function faultOf(answer: HttpAnswer) {
  return answer.status === 404 ? null : statusFault(answer, '/health')
}
