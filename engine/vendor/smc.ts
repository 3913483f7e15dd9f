import { ok, problem } from '../../contract/result.ts'
import { type Entry, type IoKit, openIoKit } from './apple/io-kit.ts'
import type { VendorDriver } from './driver.ts'
import { keyNumber, READ_BYTES, READ_KEY_INFO, readAnswer, SMC_BYTES, writeRequest } from './smc-structure.ts'

/** What `read` tells of each key that was asked for: the kernel's code, the controller's result, the type and the bytes as they are. */
export type SmcAnswer = {
  readonly keys: Readonly<Record<string, SmcKeyAnswer>>
}
export type SmcKeyAnswer = {
  readonly code: number
  readonly result: number
  readonly type: string
  readonly hex: string
}

/**
 * Sensors of the system management controller: no root, no header. Structure and commands as exelban/stats and vladkens/macmon use them. Only
 * reads: the command that writes is not here. Request: `{ keys: ['PSTR'] }`.
 */
export const smcDriver: VendorDriver = {
  name: 'smc',
  platforms: ['darwin'],
  open(host) {
    const opened = openIoKit(host)
    if (!opened.ok) return opened
    const kit = opened.value
    const { connection, code } = connect(kit)
    if (connection === null) {
      if (code === null) return problem('absent', 'This Mac shows no system management controller.')
      const reason = `This Mac’s system management controller is there, but macOS does not let this program read it (${code}).`
      return problem('denied', reason)
    }
    const infos = new Map<string, Uint8Array>()
    return ok({
      read: (request): SmcAnswer => ({
        keys: Object.fromEntries(keysOf(request).map((key) => [key, readKey(kit, connection, key, infos)])),
      }),
      close: () => kit.close(connection),
    })
  },
}

const SELECTOR = 2
const FAILED: SmcKeyAnswer = { code: -1, result: 0, type: '', hex: '' }
const MOST_KEYS = 32

/** Apple silicon has several controllers; the keys are those of `AppleSMCKeysEndpoint`. `code` is `null` where there is none. */
function connect(kit: IoKit): { connection: Entry | null; code: string | null } {
  const services = kit.services('AppleSMC')
  const service = services.find((each) => kit.name(each) === 'AppleSMCKeysEndpoint') ?? services[0]
  const opened = service === undefined ? null : kit.open(service)
  kit.release(services)
  const code = opened === null ? null : `0x${(opened.code >>> 0).toString(16)}`
  return { connection: opened?.connection ?? null, code }
}

function keysOf(request: unknown): string[] {
  const keys = typeof request === 'object' && request !== null && 'keys' in request ? request.keys : null
  if (!Array.isArray(keys)) return []
  return keys.filter((key): key is string => keyNumber(key) !== null).slice(0, MOST_KEYS)
}

/** A key's size and type do not change: they are asked once. */
function readKey(kit: IoKit, connection: Entry, key: string, infos: Map<string, Uint8Array>): SmcKeyAnswer {
  const output = new Uint8Array(SMC_BYTES)
  let info = infos.get(key)
  if (info === undefined) {
    const code = kit.call(connection, SELECTOR, writeRequest(key, READ_KEY_INFO, null), output)
    const answer = readAnswer(output)
    if (code !== 0 || answer.result !== 0) return { ...FAILED, code, result: answer.result }
    info = answer.info
    infos.set(key, info)
  }
  const code = kit.call(connection, SELECTOR, writeRequest(key, READ_BYTES, info), output)
  // The answer to a read leaves size and type out, so that those of the key's description stand.
  const { result, type, hex } = readAnswer(output, info)
  return { code, result, type, hex }
}
