import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { ok, problem, type Result } from '../../contract/result.ts'

/** `sockaddr_un.sun_path` without its closing NUL: 108 bytes on Linux (unix(7)), 104 on macOS and the BSDs. */
const MAX_PATH_BYTES = { linux: 107, other: 103 } as const

/**
 * Where an engine serves a data directory. On Windows this will be a named pipe beside a token file with the owner's ACL;
 * until then there is no way to attach to an engine there, and that is what is said.
 */
export function socketPath(
  dataDir: string,
  platform: NodeJS.Platform = process.platform,
): Result<string, 'pathTooLong' | 'unsupported'> {
  if (platform === 'win32') return problem('unsupported', 'Attaching to an engine is not yet possible on Windows.')
  const path = join(dataDir, 'engine.sock')
  const limitBytes = platform === 'linux' ? MAX_PATH_BYTES.linux : MAX_PATH_BYTES.other
  const lengthBytes = Buffer.byteLength(path)
  if (lengthBytes <= limitBytes) return ok(path)
  const reason = `The path of the engine's socket has ${lengthBytes} bytes, and this system allows ${limitBytes}: ${path}.`
  return problem('pathTooLong', `${reason} Choose a data directory with a shorter path (--data-dir DIR).`)
}
