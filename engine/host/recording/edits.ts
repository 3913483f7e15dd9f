import type { Edit } from './format.ts'

/** Where only words have changed, these; `null` where the text has another shape. */
export function editsBetween(before: string, after: string): Edit[] | null {
  const oldLines = before.split('\n')
  const newLines = after.split('\n')
  if (oldLines.length !== newLines.length) return null
  const edits: Edit[] = []
  for (const [line, newLine] of newLines.entries()) {
    const oldLine = oldLines[line] ?? ''
    if (oldLine === newLine) continue
    const oldWords = oldLine.split(' ')
    const newWords = newLine.split(' ')
    if (oldWords.length !== newWords.length) return null
    for (const [word, value] of newWords.entries()) {
      if (value !== oldWords[word]) edits.push({ line, word, value })
    }
  }
  return edits
}

/** `null` where an edit points at no word. */
export function withEdits(text: string, edits: readonly Edit[]): string | null {
  const lines = text.split('\n').map((line) => line.split(' '))
  for (const { line, word, value } of edits) {
    const words = lines[line]
    if (words === undefined || word >= words.length) return null
    words[word] = value
  }
  return lines.map((words) => words.join(' ')).join('\n')
}
