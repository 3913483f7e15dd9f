import type { UserId } from '../../../contract/ids.ts'
import type { Asker } from '../../../contract/metering.ts'
import { noise } from './bursts.ts'
import type { Rig } from './schema.ts'
import type { RigPattern } from './schema-servers.ts'

type Told = Pick<Asker, 'keyHash' | 'personHash' | 'uid'>

/** Who asks, as a metering proxy would tell: whose key or name it is, and the account of the process that asks. */
export function askedBy(rig: Rig, { user, by, client }: RigPattern): Told {
  const process = rig.processes.find(({ name }) => name === client)
  const hash = user === undefined ? null : hashOf(user)
  return {
    keyHash: by === 'key' ? hash : null,
    personHash: by === 'name' ? hash : null,
    uid: by === 'account' && user !== undefined ? (rig.users[user] ?? null) : (process?.uid ?? null),
  }
}

/** Under which the history of that user is kept; `null` where nobody can know who it was. */
export function userIdOf(rig: Rig, pattern: RigPattern): UserId | null {
  const { keyHash, personHash, uid } = askedBy(rig, pattern)
  const hash = personHash ?? keyHash
  if (hash !== null) return `api/${hash}` as UserId
  return uid === null ? null : (`os/${uid}` as UserId)
}

/** 12 hexadecimal digits that stand for a name: what a proxy hashes with a secret of its own. */
function hashOf(name: string): string {
  const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 11)
  return Array.from({ length: 12 }, (_, index) => Math.floor(noise(seed, index, 7) * 16).toString(16)).join('')
}
