/**
 * 53 bits that stand for a text or for bytes: two 32-bit multiplicative hashes (Knuth, The Art of Computer Programming 6.4), mixed. Among the
 * 131,072 keys that one agent keeps at most, two are alike with a probability of one in a million. Not a secret.
 */
export function hashOf(content: string | Uint8Array): number {
  let high = 0x2545f491
  let low = 0x9e3779b9
  for (let index = 0; index < content.length; index++) {
    const unit = typeof content === 'string' ? content.charCodeAt(index) : (content[index] as number)
    high = Math.imul(high ^ unit, 0x85ebca6b)
    high ^= high >>> 15
    low = Math.imul(low ^ unit, 0xc2b2ae35)
    low ^= low >>> 13
  }
  high = mixed(high ^ Math.imul(low, 0x27d4eb2f))
  low = mixed(low ^ Math.imul(high, 0x165667b1))
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}

/** Several texts as one key; what lies between them cannot be part of one. */
export function keyOf(parts: readonly string[]): number {
  return hashOf(parts.length === 1 ? (parts[0] as string) : JSON.stringify(parts))
}

function mixed(bits: number): number {
  let value = Math.imul(bits ^ (bits >>> 16), 0x7feb352d)
  value = Math.imul(value ^ (value >>> 15), 0x846ca68b)
  return value ^ (value >>> 16)
}
