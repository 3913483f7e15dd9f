import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

/** So much may wait to be decoded; where the copy falls behind further it is given up, never the traffic. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
/** A small body that unpacks to more was made to. */
const MOST_DECODED_BYTES = 256 * 1024 * 1024

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
}

/** A copy of a packed body on its way to be read. */
export type Decompressor = {
  push(bytes: Buffer): void
  /** `onDone` is called once, after the last byte was read or it was given up. */
  end(onDone: (isWhole: boolean) => void): void
}

/** `null` for codings that are not known here; such a body is not read. */
export function decompressor(coding: string, read: (bytes: Buffer) => void): Decompressor | null {
  const decoder = DECODERS[coding]?.()
  if (decoder === undefined) return null
  let decodedBytes = 0
  let isBroken = false
  let onDone: ((isWhole: boolean) => void) | null = null
  const settle = (isWhole: boolean) => {
    onDone?.(isWhole)
    onDone = null
  }
  const giveUp = () => {
    isBroken = true
    decoder.destroy()
    settle(false)
  }
  // It runs outside of the data's path, where nobody else would catch what reading throws.
  const isRead = (bytes: Buffer) => {
    try {
      read(bytes)
      return true
    } catch {
      return false
    }
  }
  decoder.on('data', (bytes: Buffer) => {
    decodedBytes += bytes.length
    if (isBroken) return
    if (decodedBytes > MOST_DECODED_BYTES || !isRead(bytes)) giveUp()
  })
  decoder.on('end', () => settle(true))
  decoder.on('error', giveUp)
  return {
    push(bytes) {
      if (isBroken) return
      if (decoder.writableLength > MOST_WAITING_BYTES) giveUp()
      // A copy: it is unpacked later, and what was read into is read into again.
      else decoder.write(Buffer.from(bytes))
    },
    end(done) {
      if (isBroken) {
        done(false)
        return
      }
      onDone = done
      decoder.end()
    },
  }
}
