import { z } from 'zod'
import { Rig } from './schema.ts'

/** docs/rig.schema.json: editors complete and check rigs by it. */
export function rigJsonSchema(): string {
  const schema = z.toJSONSchema(Rig, { io: 'input', reused: 'inline' })
  return `${JSON.stringify({ $id: 'rig.schema.json', ...schema }, null, 2)}\n`
}
