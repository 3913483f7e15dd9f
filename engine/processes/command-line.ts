/**
 * Arguments of a Windows command line as a C program receives them (learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments):
 * quotes hold blanks together, backslashes are plain unless a quote follows. The program's own name knows no escapes.
 */
export function splitCommandLine(line: string): string[] {
  const [program, from] = readProgram(line)
  const words = program === '' && from >= line.length ? [] : [program]
  let at = skipBlanks(line, from)
  while (at < line.length) {
    const [word, next] = readWord(line, at)
    words.push(word)
    at = skipBlanks(line, next)
  }
  return words
}

function readProgram(line: string): [word: string, next: number] {
  let isQuoted = false
  let word = ''
  let at = 0
  for (; at < line.length && (isQuoted || !isBlank(line, at)); at++) {
    if (line[at] === '"') isQuoted = !isQuoted
    else word += line[at]
  }
  return [word, at]
}

function readWord(line: string, from: number): [word: string, next: number] {
  let isQuoted = false
  let word = ''
  let at = from
  while (at < line.length && (isQuoted || !isBlank(line, at))) {
    let slashes = 0
    while (line[at + slashes] === '\\') slashes++
    at += slashes
    if (line[at] !== '"') {
      word += '\\'.repeat(slashes)
      if (slashes === 0) word += line[at++]
      continue
    }
    word += '\\'.repeat(slashes >> 1)
    const isDoubled = isQuoted && slashes % 2 === 0 && line[at + 1] === '"'
    if (slashes % 2 === 1 || isDoubled) word += '"'
    else isQuoted = !isQuoted
    at += isDoubled ? 2 : 1
  }
  return [word, at]
}

function skipBlanks(line: string, from: number): number {
  let at = from
  while (at < line.length && isBlank(line, at)) at++
  return at
}

function isBlank(line: string, at: number): boolean {
  return line[at] === ' ' || line[at] === '\t'
}
