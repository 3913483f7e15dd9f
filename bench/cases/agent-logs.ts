import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { type BenchCase, definitionOf } from '../case.ts'
import { AgentLogsAnswer } from '../programs/orders.ts'
import { measuredRow, type RowDefinition } from '../row.ts'
import { startProgram } from '../support/program.ts'
import { inScratch } from '../support/scratch.ts'

const ROUNDS = 3
const LARGE_MB = 1_000
/** One round is a quick look whether it still works. */
const QUICK_MB = 50
const FILES = 5_000
const FOLDERS = 50
const LOOKS = 10
const OUTPUT_TOKENS = 300

const shared = { against: null }
const rows: readonly RowDefinition[] = [
  { id: 'agent-log', title: 'log of an agent read, a GB', unit: 's CPU', target: 6, ...shared },
  { id: 'agent-log-slice', title: 'of which one slice of the main thread, 99 %', unit: 'ms CPU', target: 5, ...shared },
  { id: 'agent-log-memory', title: 'what it holds afterwards', unit: 'MB', target: 25, ...shared },
  { id: 'agent-logs-5000', title: `first look at ${FILES} logs`, unit: 's CPU', target: 2, ...shared },
  { id: 'agent-logs-look', title: `a later look at ${FILES} logs`, unit: 'ms CPU', target: 100, ...shared },
]

type Answer = z.infer<typeof AgentLogsAnswer>

export const agentLogs: BenchCase = {
  id: 'agent-log',
  rows,
  run: ({ rounds, say }) =>
    inScratch(async (scratch) => {
      const megabytes = rounds === 1 ? QUICK_MB : LARGE_MB
      const large = writeLarge(join(scratch, 'large'), megabytes)
      writeMany(join(scratch, 'many'))
      const [one, many]: [Answer[], Answer[]] = [[], []]
      for (let round = 0; round < (rounds ?? ROUNDS); round++) {
        one.push(await read(join(scratch, 'large'), 0, large.answers))
        many.push(await read(join(scratch, 'many'), LOOKS, FILES))
        say(`${large.gb} GB: ${one.at(-1)?.cpuMs.toFixed(0)} ms; ${FILES} logs: ${many.at(-1)?.cpuMs.toFixed(0)} ms`)
      }
      const row = (id: string) => definitionOf(rows, id)
      return [
        measuredRow(row('agent-log'), {
          ours: one.map(({ cpuMs }) => cpuMs / 1_000 / large.gb),
          parts: {
            'MB/s of CPU': one.map(({ cpuMs }) => (large.gb * 1e6) / cpuMs),
            'MB/s of wall time': one.map(({ wallMs }) => (large.gb * 1e6) / wallMs),
          },
        }),
        measuredRow(row('agent-log-slice'), { ours: one.map(({ sliceMs }) => sliceMs) }),
        measuredRow(row('agent-log-memory'), {
          ours: one.map(({ heldMb }) => heldMb),
          parts: { 'state saved, MB': one.map(({ stateBytes }) => stateBytes / 1e6) },
        }),
        measuredRow(row('agent-logs-5000'), { ours: many.map(({ cpuMs }) => cpuMs / 1_000) }),
        measuredRow(row('agent-logs-look'), { ours: many.map(({ lookMs }) => lookMs) }),
      ]
    }),
}

async function read(home: string, looks: number, answers: number): Promise<Answer> {
  const program = await startProgram('agent-logs', ['--expose-gc'])
  try {
    const answer = await program.ask({ home, looks }, AgentLogsAnswer)
    if (answer.outputTokens !== answers * OUTPUT_TOKENS) throw new Error(`${answer.outputTokens} of ${answers} answers`)
    return answer
  } finally {
    await program.end()
  }
}

/** As a long session is: an answer in every ten kilobytes, the rest is what tools gave back. */
function writeLarge(home: string, megabytes: number): { gb: number; answers: number } {
  const folder = join(home, '.claude/projects/large')
  mkdirSync(folder, { recursive: true })
  const descriptor = openSync(join(folder, 'session.jsonl'), 'w')
  let [bytes, answers] = [0, 0]
  while (bytes < megabytes * 1e6) {
    let block = ''
    for (let turn = 0; turn < 100; turn++) block += toolLine() + answerLine(`large-${answers++}`)
    bytes += writeSync(descriptor, block)
  }
  closeSync(descriptor)
  return { gb: bytes / 1e9, answers }
}

function writeMany(home: string): void {
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(home, `.claude/projects/project-${folder}`)
    mkdirSync(path, { recursive: true })
    for (let file = 0; file < FILES / FOLDERS; file++)
      writeFileSync(join(path, `${file}.jsonl`), toolLine() + answerLine(`many-${folder}-${file}`))
  }
}

function toolLine(): string {
  const content = 'what a tool gave back, with "quotes" and\nlines '.repeat(180)
  return `${JSON.stringify({ type: 'user', message: { role: 'user', content: [{ type: 'tool_result', content }] } })}\n`
}

function answerLine(id: string): string {
  const usage = {
    ...{ input_tokens: 4, cache_creation_input_tokens: 100, cache_read_input_tokens: 20_000 },
    output_tokens: OUTPUT_TOKENS,
  }
  const content = [{ type: 'text', text: 'what was answered '.repeat(60) }]
  const message = { model: 'claude-sonnet-4-5', id, role: 'assistant', content, usage }
  const timestamp = '2026-11-02T09:00:00.000Z'
  return `${JSON.stringify({ sessionId: 's', cwd: '/home/ada/shop', message, requestId: id, type: 'assistant', timestamp })}\n`
}
