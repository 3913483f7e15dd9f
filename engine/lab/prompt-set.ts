import { z } from 'zod'
import { parseJsonFile } from '../../contract/json-file.ts'
import { problem, type Result } from '../../contract/result.ts'

const Name = z.string().regex(/^[\w .-]{1,60}$/, 'expected 1 to 60 letters, digits, blanks, ".", "-" or "_"')

const Prompt = z.strictObject({
  name: Name,
  text: z.string().min(1).max(200_000),
  /** An answer is cut here, so that a talkative model does not run for hours. */
  maxTokens: z.int().min(8).max(8_192).default(256),
})
export type Prompt = z.infer<typeof Prompt>

/** The same questions to every model. Of a set only its name is kept with a result. */
export const PromptSet = z.strictObject({ name: Name, prompts: z.array(Prompt).min(1).max(100) })
export type PromptSet = z.infer<typeof PromptSet>

/** A set that somebody wrote: `{"name": "mine", "prompts": [{"name": "a", "text": "…", "maxTokens": 200}]}` (docs/lab.md). */
export function parsePromptSet(text: string, fileName: string): Result<PromptSet, 'badFile'> {
  const set = parseJsonFile(text, fileName, PromptSet)
  if (!set.ok) return set
  const names = set.value.prompts.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) < at)
  if (twice !== undefined) return problem('badFile', `${fileName}: two prompts are named "${twice}".`)
  return set
}
