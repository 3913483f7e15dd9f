import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { z } from 'zod'
import { node24 } from '../../scripts/lib/paths.mjs'
import { bundle } from './bundle.ts'
import { endOf } from './crowd.ts'

/** One of our own programs in a process of its own, which answers one order after the other over its channel. */
export type Program = {
  readonly pid: number
  ask<T>(order: unknown, shape: z.ZodType<T>): Promise<T>
  end(): Promise<void>
}

export async function startProgram(name: string, execArgv: readonly string[] = []): Promise<Program> {
  const child = fork(await bundle(name), [], {
    execPath: node24,
    execArgv: [...execArgv],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return {
    pid: child.pid ?? -1,
    async ask(order, shape) {
      child.send(Object(order))
      return shape.parse(await answerOf(child, name))
    },
    end: () => endOf(child),
  }
}

async function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = new AbortController()
  const onExit = () => ended.abort()
  child.once('exit', onExit)
  try {
    const [answer] = await once(child, 'message', { signal: ended.signal })
    return answer
  } catch (error) {
    if (ended.signal.aborted) throw new Error(`${name} ended without an answer`, { cause: error })
    throw error
  } finally {
    child.off('exit', onExit)
  }
}
