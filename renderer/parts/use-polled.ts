import { useEffect } from 'react'
import type { EventName, InputOf, MethodName } from '../../contract/define.ts'
import { type Asked, type Both, type Output, useContract, useVisible } from '../client.ts'

/** A question that is asked again every so often while somebody looks: for what no event tells of. */
export function usePolled<K extends MethodName<Both>>(
  name: K,
  input: InputOf<Both[K]>,
  everyMs: number,
  askAgainOn?: EventName<Both>,
): Asked<Output<K>> {
  const asked = useContract(name, input, askAgainOn)
  const isVisible = useVisible()
  const { again } = asked
  useEffect(() => {
    if (!isVisible) return
    const timer = setInterval(again, everyMs)
    return () => clearInterval(timer)
  }, [isVisible, again, everyMs])
  return asked
}
