/** Of a line: blanks stay. */
export function escapedLine(text: string): string {
  return text.replace(/[^ -[\]-~]/g, inHex)
}

/** Of a word of a line. */
export function escaped(text: string): string {
  return text.replace(/[^!-[\]-~]/g, inHex)
}

function inHex(character: string): string {
  return `\\x${(character.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`
}

/** `null` where a `\` begins nothing known. */
export function unescaped(text: string): string | null {
  if (/\\(?!x[0-9a-f]{2})/.test(text)) return null
  return text.replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
