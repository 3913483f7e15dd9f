import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { z } from 'zod'
import { commands } from '../../cli/commands/registry.ts'
import { EXIT_TEXTS } from '../../cli/exit.ts'
import { globalOptions } from '../../cli/options.ts'
import * as shapes from '../../cli/shapes.ts'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'cli.md'), 'utf8')

test('docs/cli.md names every command, every option of all of them, and every exit code', () => {
  for (const { name } of commands) expect(page).toContain(`perwatt ${name}`)
  for (const { name } of globalOptions) expect(page).toContain(`--${name}`)
  for (const [code, text] of EXIT_TEXTS) expect(page).toContain(`| ${code} | ${text} |`)
})

test('docs/cli.md lists the fields of every JSON object', () => {
  const objects = Object.values(shapes).filter((shape) => 'schema' in shape.shape) as z.ZodObject<{
    schema: z.ZodLiteral
  }>[]
  expect(objects).toHaveLength(20)
  for (const { shape } of objects) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${shape.schema.value}\``)) ?? ''
    const isHistory = row.includes('sums as in `history`')
    const sums = ['measuredMj', 'attributedMj', 'idleMj', 'otherMj', 'overheadMj']
    for (const field of Object.keys(shape)) {
      if (field === 'schema' || (isHistory && sums.includes(field))) continue
      expect(row, String(shape.schema.value)).toContain(`\`${field}\``)
    }
  }
})
