import { powerMonitor } from 'electron'
import type { EngineClient } from './engine-client.ts'

/** Sleep becomes a gap in the history: the engine is told by the one process that the desktop tells. */
export function forwardPowerEvents({ wire }: EngineClient): void {
  powerMonitor.on('suspend', () => void wire.call('powerEvent', { kind: 'suspend' }))
  powerMonitor.on('resume', () => void wire.call('powerEvent', { kind: 'resume' }))
}
