import { connect } from 'node:net'
import type { Hello } from '../../contract/frames.ts'
import { type Contract, contract, type PerwattClient } from '../../contract/index.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { WireClient } from '../../contract/wire.ts'
import { socketPath } from './address.ts'

export type AttachFault = 'noEngine' | 'denied' | 'silent' | 'otherProtocol'

export type Attached = {
  readonly client: PerwattClient
  readonly hello: Hello
  /** Resolves with the reason when the connection has ended, whoever ended it. */
  readonly ended: Promise<string>
  close(): void
}

const HELLO_MS = 3_000

/** Connects to the engine that serves a data directory and waits until it has introduced itself. */
export function attach(dataDir: string, helloMs: number = HELLO_MS): Promise<Result<Attached, AttachFault>> {
  const path = socketPath(dataDir)
  // Where no socket can be, no engine can be listening on one.
  if (!path.ok) return Promise.resolve(problem('noEngine', path.reason))
  return new Promise((resolve) => {
    const socket = connect({ path: path.value })
    let reason = 'The connection to the engine ended.'
    let faultCode: string | undefined
    const wire: WireClient<Contract> = new WireClient(contract, {
      onHello: (hello) => {
        clearTimeout(timer)
        resolve(ok({ client: wire, hello, ended, close: () => socket.destroy() }))
      },
      onClosing: (why) => {
        reason = why
        resolve(problem('otherProtocol', `The engine of ${dataDir} cannot be talked to: ${why}.`))
      },
    })
    const ended = new Promise<string>((settle) => {
      socket.on('close', () => {
        wire.lost(reason)
        settle(reason)
        resolve(notAttached(dataDir, faultCode))
      })
    })
    const timer = setTimeout(() => {
      resolve(problem('silent', `The engine of ${dataDir} does not answer: it may be suspended.`))
      socket.destroy()
    }, helloMs)
    socket.on('connect', () => wire.open({ send: (text) => void socket.write(text), close: () => socket.destroy() }))
    socket.on('data', (chunk) => wire.receive(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      faultCode = error.code
    })
    socket.on('close', () => clearTimeout(timer))
  })
}

function notAttached(dataDir: string, faultCode: string | undefined): Result<never, AttachFault> {
  if (faultCode === 'EACCES' || faultCode === 'EPERM')
    return problem('denied', `The engine of ${dataDir} belongs to another user.`)
  return problem('noEngine', `No engine serves ${dataDir}.`)
}
