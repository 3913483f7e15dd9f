import { useState } from 'react'
import type { AppInfo, EngineState } from '../contract/app.ts'
import { type Asked, useContract, useEvent } from './client.ts'

/** What the app says of itself, and the engine's state as it changes. */
export function useAppInfo(): { info: Asked<AppInfo>; engine: EngineState | null } {
  const info = useContract('appInfo', {})
  const [newest, setNewest] = useState<EngineState | null>(null)
  useEvent('engineState', setNewest)
  return { info, engine: newest ?? info.value?.engine ?? null }
}
