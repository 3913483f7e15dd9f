import { jsonPlaces, nearestStart } from '../../../contract/json-file.ts'

export type JsonPath = readonly (string | number)[]
export type JsonText =
  | { readonly ok: true; readonly value: unknown; readonly lineOf: (path: JsonPath) => number }
  | { readonly ok: false; readonly line: number; readonly expected: string }

/** JSON whose values know their lines, so that what is checked beyond the schema is told by line too. */
export function parseJsonLines(text: string): JsonText {
  const places = jsonPlaces(text)
  if (places.ok)
    return { ok: true, value: JSON.parse(text), lineOf: (path) => lineAt(text, nearestStart(path, places.starts)) }
  const expected = places.repeated === null ? places.expected : `"${places.repeated}" only once`
  return { ok: false, line: lineAt(text, places.at), expected: `expected ${expected}` }
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}
