import { type AppHandlers, appContract } from '../contract/app.ts'
import { firstIssue, methodOf } from '../contract/frames.ts'
import { type Contract, contract } from '../contract/index.ts'
import { withheldNames } from '../contract/names.ts'
import { problem, type Result } from '../contract/result.ts'
import type { WireClient } from '../contract/wire.ts'

/** Answers one call of a window: its own frame, a method that windows may call, an input of that method's shape. */
export type CallHandler = (name: unknown, input: unknown) => Promise<Result<unknown>>

export function callHandler(app: AppHandlers, engine: WireClient<Contract>): CallHandler {
  return async (name, input) => {
    if (typeof name !== 'string' || isWithheld(name)) return unknownMethod(name)
    const own = methodOf(appContract, name)
    const method = own ?? methodOf(contract, name)
    if (method === null) return unknownMethod(name)
    const parsed = method.input.safeParse(input)
    if (!parsed.success) return problem('badInput', `${name}: ${firstIssue(parsed.error)}`)
    // Name and input were looked up and parsed together just above; the compiler cannot follow that through a string.
    return own === null
      ? engine.call(name as never, parsed.data as never)
      : app[name as keyof AppHandlers](parsed.data as never)
  }
}

function isWithheld(name: string): boolean {
  return withheldNames.some((withheld) => withheld === name)
}

function unknownMethod(name: unknown): Result<never> {
  return problem('unknownMethod', `A window may not call “${typeof name === 'string' ? name : typeof name}”.`)
}
