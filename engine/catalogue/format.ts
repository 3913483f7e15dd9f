const width = 120

/** JSON as a person would write it: what fits is one line; what holds lists of objects, or does not fit, is a block. */
export function formatJson(value: unknown): string {
  return `${block(value, '', 0)}\n`
}

function block(value: unknown, indent: string, used: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const line = oneLine(value)
  if (!holdsBlocks(value) && indent.length + used + line.length < width) return line
  const inner = `${indent}  `
  if (Array.isArray(value)) return `[\n${value.map((each) => inner + block(each, inner, 0)).join(',\n')}\n${indent}]`
  const rows = entriesOf(value).map(([key, each]) => {
    const name = `${JSON.stringify(key)}: `
    return inner + name + block(each, inner, name.length)
  })
  return `{\n${rows.join(',\n')}\n${indent}}`
}

function oneLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`
  const pairs = entriesOf(value).map(([key, each]) => `${JSON.stringify(key)}: ${oneLine(each)}`)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}

/** A list of objects, or what contains one: never on one line, so that a change shows as a changed line. */
function holdsBlocks(value: object): boolean {
  const parts: unknown[] = Array.isArray(value) ? value : entriesOf(value).map(([, each]) => each)
  if (Array.isArray(value) && parts.some((part) => typeof part === 'object' && part !== null)) return true
  return parts.some((part) => typeof part === 'object' && part !== null && holdsBlocks(part))
}

function entriesOf(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, each]) => each !== undefined)
}
