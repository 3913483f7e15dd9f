import type { UserFile } from '../host/agent-files.ts'
import type { Cursor } from './cursors.ts'
import { hashOf } from './hash.ts'

/** No line that tells of usage is longer; longer ones are passed over without being held. */
export const MOST_LINE_BYTES = 1_048_576
/** What is read, and looked through, in one go. */
const CHUNK_BYTES = 131_072
const TAIL_BYTES = 64
const NEWLINE = 10

/** What a log is read into; one for all files, since they are read one after the other. */
export function tailBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(MOST_LINE_BYTES + CHUNK_BYTES)
}

export type Tailing = {
  readonly file: UserFile
  /** Up to here: a log that grows while it is read waits for the next time. */
  readonly sizeBytes: number
  readonly buffer: Buffer
  readonly needles: readonly Buffer[]
  /** A whole line that holds one of the needles, without its end. */
  readonly line: (text: string) => void
  /** A line that is too long. */
  readonly passOver: () => void
}

/**
 * Whether a file is still the one that was read up to the cursor: what stands before it is unchanged. Else it was cut short, written anew, or has
 * taken a removed file's inode.
 */
export function continues(file: UserFile, sizeBytes: number, cursor: Cursor): boolean {
  if (sizeBytes < cursor.offsetBytes) return false
  return tailHash(file, cursor.offsetBytes) === cursor.tailHash
}

/**
 * Reads whole lines from the cursor on and moves it behind them; yields after every chunk. A last line without its end is left for the next
 * time. Bytes that are no UTF-8 become U+FFFD.
 */
export function* readTail(
  cursor: Cursor,
  { file, sizeBytes, buffer, needles, line, passOver }: Tailing,
): Generator<void> {
  let filled = 0
  while (cursor.offsetBytes + filled < sizeBytes) {
    const room = Math.min(CHUNK_BYTES, sizeBytes - cursor.offsetBytes - filled)
    const read = file.read(buffer.subarray(filled, filled + room), cursor.offsetBytes + filled)
    if (read <= 0) break
    filled += read
    const end = buffer.subarray(0, filled).lastIndexOf(NEWLINE) + 1
    if (end > 0) {
      const start = cursor.isSkipping ? buffer.indexOf(NEWLINE) + 1 : 0
      cursor.isSkipping = false
      linesWith(needles, buffer.subarray(start, end), line)
    } else if (cursor.isSkipping || filled > MOST_LINE_BYTES) {
      if (!cursor.isSkipping) passOver()
      cursor.isSkipping = true
    }
    const done = cursor.isSkipping ? filled : end
    buffer.copyWithin(0, done, filled)
    cursor.offsetBytes += done
    filled -= done
    if (done > 0) cursor.tailHash = tailHash(file, cursor.offsetBytes)
    yield
  }
}

/** Searches for the needles, not for the lines: most of a log is text in which nothing is counted. */
function linesWith(needles: readonly Buffer[], lines: Buffer, take: (text: string) => void): void {
  const hits = needles.map((needle) => lines.indexOf(needle))
  for (;;) {
    let hit = -1
    for (const at of hits) if (at >= 0 && (hit < 0 || at < hit)) hit = at
    if (hit < 0) return
    const start = lines.lastIndexOf(NEWLINE, hit) + 1
    const end = lines.indexOf(NEWLINE, hit)
    take(lines.toString('utf8', start, end))
    needles.forEach((needle, index) => {
      const at = hits[index] as number
      if (at >= 0 && at < end) hits[index] = lines.indexOf(needle, end)
    })
  }
}

function tailHash(file: UserFile, endBytes: number): number {
  const bytes = new Uint8Array(Math.min(TAIL_BYTES, endBytes))
  const read = bytes.length === 0 ? 0 : file.read(bytes, endBytes - bytes.length)
  return hashOf(bytes.subarray(0, Math.max(0, read)))
}
