import type { z } from 'zod'
import type { Result } from './result.ts'

/** A question or an order: one input, one output, the codes of the problems that it may answer with. */
export type Method<
  I extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType,
  P extends readonly string[] = readonly string[],
> = {
  readonly type: 'method'
  readonly input: I
  readonly output: O
  readonly problems: P
  /** May change something (settings, rules, pause); never reachable over HTTP. */
  readonly writes: boolean
}

/** Something the engine tells whoever subscribed. */
export type Event<T extends z.ZodType = z.ZodType> = { readonly type: 'event'; readonly payload: T }

export type Entry = Method | Event
export type ContractShape = Readonly<Record<string, Entry>>

export function method<
  I extends z.ZodType,
  O extends z.ZodType,
  const P extends readonly string[] = readonly [],
>(definition: { input: I; output: O; problems?: P; writes?: boolean }): Method<I, O, P> {
  return {
    type: 'method',
    input: definition.input,
    output: definition.output,
    problems: (definition.problems ?? []) as unknown as P,
    writes: definition.writes ?? false,
  }
}

export function event<T extends z.ZodType>(payload: T): Event<T> {
  return { type: 'event', payload }
}

export type MethodName<C extends ContractShape> = {
  [K in keyof C]: C[K] extends Method ? K : never
}[keyof C] &
  string
export type EventName<C extends ContractShape> = { [K in keyof C]: C[K] extends Event ? K : never }[keyof C] & string

export type InputOf<E> = E extends Method<infer I, z.ZodType, readonly string[]> ? z.input<I> : never
export type OutputOf<E> = E extends Method<z.ZodType, infer O, readonly string[]> ? z.output<O> : never
export type ProblemOf<E> = E extends Method<z.ZodType, z.ZodType, infer P> ? P[number] | TransportProblem : never
export type PayloadOf<E> = E extends Event<infer T> ? z.output<T> : never

/** What any call may answer with, whatever the method: the engine is not there, the input was wrong, the call is unknown. */
export type TransportProblem = 'engineDown' | 'badInput' | 'unknownMethod' | 'failed'

/** The caller's end. */
export type Client<C extends ContractShape> = {
  call<K extends MethodName<C>>(name: K, input: InputOf<C[K]>): Promise<Result<OutputOf<C[K]>, ProblemOf<C[K]>>>
  on<K extends EventName<C>>(name: K, handler: (payload: PayloadOf<C[K]>) => void): () => void
}

/** The answerer's end: a method without a handler does not compile. */
export type Handlers<C extends ContractShape> = {
  [K in MethodName<C>]: (
    input: C[K] extends Method<infer I, z.ZodType, readonly string[]> ? z.output<I> : never,
  ) => Promise<Result<OutputOf<C[K]>, ProblemOf<C[K]>>> | Result<OutputOf<C[K]>, ProblemOf<C[K]>>
}
