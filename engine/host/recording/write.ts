import { escaped, escapedLine } from './escapes.ts'
import { FIRST_LINE, type Moment, type RecordingHeader, type Step } from './format.ts'

export function headerText(header: RecordingHeader): string {
  const lines = Object.entries(header).map(([name, value]) => `${name} ${JSON.stringify(value)}\n`)
  return `${FIRST_LINE}\n${lines.join('')}`
}

export function momentText({ monotonicMs, boottimeMs, wallMs, steps }: Moment): string {
  return `\nat ${[monotonicMs, boottimeMs, wallMs].map(rounded).join(' ')}\n${steps.map(stepText).join('')}`
}

function stepText(step: Step): string {
  return step.kind === 'file'
    ? `file ${step.file} ${escaped(step.path)}\n${contentText(step.text)}`
    : `${step.kind} ${wordsOf(step).map(String).map(escaped).join(' ')}\n`
}

function wordsOf(step: Exclude<Step, { kind: 'file' }>): (string | number)[] {
  switch (step.kind) {
    case 'bytes':
      return [step.file, step.path, btoa(step.text)]
    case 'change':
      return [step.file, ...step.edits.map(({ line, word, value }) => `${line}.${word}=${value}`)]
    case 'there':
      return [step.file, step.path]
    case 'fail':
      return [step.file, step.path, step.fault]
    case 'gone':
      return [step.file]
    case 'dir':
      return [step.path, ...step.names]
    case 'link':
      return [step.path, step.target]
    case 'unlink':
      return [step.path]
    case 'owner':
      return [step.path, step.uid]
    case 'app':
      return [step.pid, step.app ?? '-']
    case 'told':
    case 'probed':
      return [step.driver, step.question, step.answer, rounded(step.askedMs), rounded(step.answeredMs)]
    case 'refused':
      return [step.driver, step.question, rounded(step.askedMs), step.fault, step.reason]
    case 'trouble':
      return step.fault === null ? [step.driver, '-'] : [step.driver, step.fault.code, step.fault.reason]
    case 'meter': {
      const look = typeof step.look === 'string' ? step.look : JSON.stringify(step.look)
      return [step.meter, rounded(step.askedMs), rounded(step.answeredMs), look]
    }
  }
}

/** To the microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

function contentText(text: string): string {
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  const ended = lines.map((line) => `|${escapedLine(line)}\n`).join('')
  return last === '' ? ended : `${ended}:${escapedLine(last)}\n`
}
