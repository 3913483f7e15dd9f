import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FALLBACK, refusal, verifyIntegrity } from '../../scripts/lib/fallback-runtime.mjs'
import { Stop } from '../../scripts/lib/say.mjs'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'perwatt-archive-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true })
  vi.unstubAllEnvs()
})

function archive(content: Buffer): string {
  const file = join(dir, 'runtime.tgz')
  writeFileSync(file, content)
  return file
}

const content = Buffer.alloc(300_000, 'electron')
const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`

test('an archive that is byte for byte the pinned one is accepted', async () => {
  await expect(verifyIntegrity(archive(content), integrity)).resolves.toBeUndefined()
})

test('an archive with one flipped bit is refused, and the message shows both hashes', async () => {
  const tampered = Buffer.from(content)
  tampered[123_456] = (tampered[123_456] ?? 0) ^ 1
  const refused = verifyIntegrity(archive(tampered), integrity)
  await expect(refused).rejects.toThrow(Stop)
  await expect(refused).rejects.toThrow(`expected ${integrity}`)
})

test('a truncated archive is refused', async () => {
  await expect(verifyIntegrity(archive(content.subarray(0, -1)), integrity)).rejects.toThrow('was not unpacked')
})

test('the pinned integrity is a whole SHA-512', () => {
  expect(Buffer.from(FALLBACK.integrity.replace(/^sha512-/, ''), 'base64')).toHaveLength(64)
})

test('PERWATT_FALLBACK_RUNTIME=0 refuses the fallback runtime', () => {
  vi.stubEnv('PERWATT_FALLBACK_RUNTIME', '0')
  expect(refusal()).toBe('the fallback runtime is refused by PERWATT_FALLBACK_RUNTIME=0')
})
