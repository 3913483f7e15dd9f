import { z } from 'zod'
import { method } from './define.ts'
import { AppId } from './ids.ts'

export const CatalogueApp = z.object({
  id: AppId,
  name: z.string(),
  category: z.string(),
  connector: z.string().nullable(),
  local: z.boolean(),
  countsAsAi: z.boolean(),
  source: z.enum(['built-in', 'user']),
  /** The matchers of this platform in words ("exe ollama"). */
  match: z.array(z.string()),
})
export type CatalogueApp = z.infer<typeof CatalogueApp>

/** A heavy process that no entry names. Its command line is never part of this. */
export const Unnamed = z.object({
  exe: z.string(),
  cpuCores: z.number().nonnegative(),
  powerW: z.number().nullable(),
  processes: z.int().positive(),
})
export type Unnamed = z.infer<typeof Unnamed>

export const catalogueContract = {
  catalogue: method({
    input: z.object({}),
    output: z.object({ apps: z.array(CatalogueApp), rulesProblem: z.string().nullable() }),
  }),
  unnamed: method({ input: z.object({}), output: z.object({ processes: z.array(Unnamed) }) }),
  /** "Name this app": adds a rule to the user's rule file that matches this executable. */
  nameApp: method({
    input: z.object({
      exe: z.string().min(1).max(200),
      name: z.string().trim().min(1).max(80),
      category: z.string().min(1).max(40),
    }),
    output: z.object({ id: AppId }),
    problems: ['notWritable', 'badRules', 'nameTaken'],
    writes: true,
  }),
  forgetApp: method({
    input: z.object({ id: AppId }),
    output: z.object({}),
    problems: ['notWritable', 'badRules', 'unknownApp'],
    writes: true,
  }),
} as const
