import { kill } from 'node:process'
import { realHost } from '../../../engine/host/real.ts'

const { files } = realHost()

/** A process that nobody has waited for yet (`Z`) has ended, although its number is still taken. */
export function hasEnded(pid: number): boolean {
  try {
    kill(pid, 0)
  } catch {
    return true
  }
  const stat = files.text(`/proc/${pid}/stat`)
  return stat.ok && /\) [ZX] /.test(stat.value)
}
