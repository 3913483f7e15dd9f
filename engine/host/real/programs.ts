import { execFile } from 'node:child_process'
import { kill } from 'node:process'
import { ok, problem, type Result } from '../../../contract/result.ts'
import type { CommandFault, CommandOutput, Host, HostFiles, ProcessKey } from '../host.ts'
import { errnoOf } from './files.ts'

const TIMEOUT_MS = 5_000
const MAX_BYTES = 4_000_000

/** Runs a program without a shell; in the C locale, so that its output can be read by a program. */
export function runCommand(
  argv: readonly string[],
  options: { timeoutMs?: number } = {},
): Promise<Result<CommandOutput, CommandFault>> {
  const [program = '', ...args] = argv
  const timeout = options.timeoutMs ?? TIMEOUT_MS
  const settings = {
    timeout,
    maxBuffer: MAX_BYTES,
    killSignal: 'SIGKILL',
    env: { ...process.env, LC_ALL: 'C' },
  } as const
  return new Promise((resolve) => {
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      if (error === null) return resolve(ok({ exitCode: 0, stdout, stderr }))
      if (error.code === 'ENOENT') return resolve(problem('absent', `${program} is not installed on this machine.`))
      if (error.code === 'EACCES') return resolve(problem('denied', `${program} may not be run.`))
      if (typeof error.code === 'number') return resolve(ok({ exitCode: error.code, stdout, stderr }))
      const isTooSlow = error.killed === true && error.code === null
      if (isTooSlow) return resolve(problem('timeout', `${program} did not end within ${timeout} ms.`))
      return resolve(problem('broken', `${program} ended without an answer.`))
    })
    child.stdin?.end()
  })
}

type SignalName = Parameters<Host['signal']>[1]

/**
 * The start time is compared right before: between the two system calls no pid comes round again. Elsewhere than on Linux it can only be asked
 * of the vendor process, later; a number alone may be another process's by then, so nothing is sent.
 */
export function sendSignal(
  files: HostFiles,
  target: ProcessKey,
  name: SignalName,
  platform: NodeJS.Platform = process.platform,
): Result<null, 'gone' | 'denied'> {
  if (platform !== 'linux') {
    return problem(
      'denied',
      `Perwatt cannot yet make sure on this system that ${target.pid} is still the same process.`,
    )
  }
  const stat = files.text(`/proc/${target.pid}/stat`)
  if (!stat.ok || startTicksOf(stat.value) !== target.startTicks) {
    return problem('gone', `Process ${target.pid} has ended.`)
  }
  try {
    kill(target.pid, name)
    return ok(null)
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return problem('gone', `Process ${target.pid} has ended.`)
    if (errnoOf(error) === 'EPERM') return problem('denied', `Process ${target.pid} belongs to another user.`)
    throw error
  }
}

/** Field 22; the name before it may hold anything, so the fields count from the last `)`. */
function startTicksOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
}
