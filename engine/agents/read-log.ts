import { ok, type Result } from '../../contract/result.ts'
import type { UserFile } from '../host/agent-files.ts'
import type { FileFault } from '../host/host.ts'
import type { AgentMachine, DocumentFormat, FoundFile, LineFormat, ListFormat, StoreFormat, Tell } from './agent-log.ts'
import type { Cursor, Cursors } from './cursors.ts'
import { hashOf } from './hash.ts'
import { JsonElements } from './json-elements.ts'
import { continues, readTail } from './log-tail.ts'
import type { FoundLog } from './log-tree.ts'

export type ReadingParts = {
  readonly machine: AgentMachine
  readonly cursors: Cursors
  readonly tell: Tell
  readonly buffer: Buffer
}

const MOST_DOCUMENT_BYTES = 1_048_576
const CHUNK_BYTES = 131_072
const EMPTY_TAIL = hashOf('')

/** Reads what is new in one log; yields after every few milliseconds of work. A fault leaves its cursor as it is, to be tried again. */
export function* readLog(log: FoundLog, parts: ReadingParts): Generator<void, Result<null, FileFault>> {
  const known = parts.cursors.of(log.look.id)
  if (known !== null && known.sizeBytes === log.look.sizeBytes && known.modifiedMs === log.look.modifiedMs)
    return ok(null)
  const { format } = log
  if (format.kind === 'store') return yield* readStore(log, format, known, parts)
  const opened = parts.machine.files.open(log.path)
  if (!opened.ok) return opened
  try {
    // Between the look and the opening the name may have gone to another file: that one's turn comes with the next look.
    if (opened.value.id !== log.look.id) return ok(null)
    if (format.kind === 'lines') yield* readLines(opened.value, log, format, known, parts)
    else if (format.kind === 'list') yield* readList(opened.value, log, format, parts)
    else readDocument(opened.value, log, format, parts)
    return ok(null)
  } finally {
    opened.value.close()
  }
}

function* readLines(
  file: UserFile,
  log: FoundLog,
  format: LineFormat,
  known: Cursor | null,
  { cursors, tell, buffer }: ReadingParts,
): Generator<void> {
  const { sizeBytes, modifiedMs } = log.look
  const isContinued = known !== null && continues(file, sizeBytes, known)
  const found = foundFile(log, !isContinued)
  const cursor = isContinued ? { ...known, state: { ...known.state } } : { ...newCursor(), state: format.begin(found) }
  const tailing = {
    ...{ file, sizeBytes, buffer, passOver: tell.bad },
    needles: format.needles.map((needle) => Buffer.from(needle)),
    line: (text: string) => format.line(text, cursor.state, tell, found),
  }
  for (const _ of readTail(cursor, tailing)) {
    cursors.put(log.look.id, { ...cursor, state: { ...cursor.state }, sizeBytes: -1 })
    yield
  }
  cursors.put(log.look.id, { ...cursor, sizeBytes, modifiedMs })
}

function* readList(
  file: UserFile,
  log: FoundLog,
  format: ListFormat,
  { machine, cursors, tell, buffer }: ReadingParts,
): Generator<void> {
  const state = format.begin(foundFile(log, true), machine)
  const needles = format.needles.map((needle) => Buffer.from(needle))
  const elements = new JsonElements({
    wants: (list) => format.lists.includes(list),
    field(name, value) {
      if (format.fields.includes(name)) format.field(name, value, state)
    },
    element(list, bytes) {
      if (!needles.some((needle) => bytes.includes(needle))) return
      const value = parsed(bytes, tell)
      if (value !== null) format.element(list, value, state, tell)
    },
  })
  const chunk = buffer.subarray(0, CHUNK_BYTES)
  let atBytes = 0
  for (let read = file.read(chunk, 0); read > 0; read = file.read(chunk, atBytes)) {
    elements.push(chunk.subarray(0, read))
    atBytes += read
    yield
  }
  format.end(state, tell, elements.isWhole)
  finish(log, cursors)
}

function readDocument(
  file: UserFile,
  log: FoundLog,
  format: DocumentFormat,
  { cursors, tell, buffer }: ReadingParts,
): void {
  const whole = buffer.subarray(0, MOST_DOCUMENT_BYTES)
  let read = 0
  if (log.look.sizeBytes <= MOST_DOCUMENT_BYTES)
    for (let more = file.read(whole, 0); more > 0; more = file.read(whole.subarray(read), read)) read += more
  const value = parsed(whole.subarray(0, read), tell)
  if (value !== null) format.read(value, tell, foundFile(log, true))
  finish(log, cursors)
}

function* readStore(
  log: FoundLog,
  format: StoreFormat,
  known: Cursor | null,
  { machine, cursors, tell }: ReadingParts,
): Generator<void, Result<null, FileFault>> {
  const opened = machine.files.store(log.path)
  if (!opened.ok) return opened
  const cursor = { ...(known ?? newCursor()), state: { ...known?.state } }
  try {
    const isDone = yield* format.read(opened.value, cursor.state, tell, foundFile(log, known === null), machine)
    const { sizeBytes, modifiedMs } = log.look
    cursors.put(log.look.id, { ...cursor, ...(isDone ? { sizeBytes, modifiedMs } : { sizeBytes: -1 }) })
  } finally {
    opened.value.close()
  }
  return ok(null)
}

/** A torn document, too, is read again only once it has changed: whoever tore it writes it again. */
function finish({ look: { id, sizeBytes, modifiedMs } }: FoundLog, cursors: Cursors): void {
  cursors.put(id, { ...newCursor(), sizeBytes, modifiedMs })
}

function foundFile({ path, names, look }: FoundLog, isFirstRead: boolean): FoundFile {
  return { path, names, modifiedMs: look.modifiedMs, isFirstRead }
}

function newCursor(): Cursor {
  return { sizeBytes: -1, modifiedMs: 0, offsetBytes: 0, tailHash: EMPTY_TAIL, isSkipping: false, state: {} }
}

function parsed(bytes: Buffer, tell: Tell): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    tell.bad()
    return null
  }
}
