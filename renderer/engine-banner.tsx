import type { EngineState } from '../contract/app.ts'
import { call } from './client.ts'
import { Banner } from './parts/banner.tsx'
import { count } from './words.ts'

/** Says when nothing is measured because the engine is not there. Nothing while it runs. */
export function EngineBanner(props: { engine: EngineState | null }) {
  const { engine } = props
  if (engine === null || engine.state === 'running') return null
  if (engine.state === 'starting') return <Banner tone="plain">The engine is starting.</Banner>
  const why = engine.reason === null ? '' : ` ${engine.reason}`
  if (engine.state === 'restarting') {
    return (
      <Banner tone="amber">
        The engine stopped and is being started again (attempt {engine.attempts}).{why} Until then nothing is measured.
      </Banner>
    )
  }
  return (
    <Banner
      tone="red"
      action={
        <button type="button" className="button" onClick={() => void call('restartEngine', {})}>
          Start the engine
        </button>
      }
    >
      The engine is not running{engine.attempts > 0 && `, after ${count(engine.attempts, 'attempt')}`}.{why} What was
      recorded is safe; nothing is measured now.
    </Banner>
  )
}
