import { join } from 'node:path'
import { z } from 'zod'
import { ok, type Problem, problem, type Result } from '../../contract/result.ts'
import { readOwnFile, replaceFile } from './atomic-file.ts'
import { SECRETS_FILE, type SecretKey } from './secret-key.ts'

/** AES-256-GCM with an initialisation vector of its own an entry; base64. The name is authenticated, so that no two can be swapped. */
const Sealed = z.object({ iv: z.string(), text: z.string(), tag: z.string() })
const Contents = z.looseObject({ version: z.literal(1), secrets: z.record(z.string(), z.unknown()) })
type Contents = z.infer<typeof Contents>

/** Passwords and tokens by name ("wall/desk"). They are in no other file, in no log and in no answer of the contract. */
export interface SecretsFile {
  /** `null` where there is none of that name. */
  secret(name: string): Result<string | null, 'denied'>
  keep(name: string, secret: string): Result<null, 'denied' | 'notWritable'>
  forget(name: string): Result<null, 'denied' | 'notWritable'>
  /**
   * Has the key fetched where that takes time and somebody needs it: before the first `secret`, and before each `keep`. `true`: secrets can be
   * read that could not before. Without any secrets no keyring is bothered for reading them.
   */
  ready(wants: 'secret' | 'keep'): Promise<boolean>
  readonly keyPlace: SecretKey['place']
}

/** Reads the file anew each time, so that what is mended by hand holds at once; a file that cannot be understood is never written over. */
export function openSecrets(directory: string, key: SecretKey): SecretsFile {
  const path = join(directory, SECRETS_FILE)

  function change(edit: (contents: Contents) => Result<Contents, 'denied' | 'notWritable'>) {
    const contents = load(path)
    if (!contents.ok) return contents
    const next = edit(contents.value)
    return next.ok ? replaceFile(path, `${JSON.stringify(next.value, null, 2)}\n`) : next
  }

  return {
    secret(name) {
      const contents = load(path)
      if (!contents.ok) return contents
      const sealed = ownEntry(contents.value.secrets, name)
      if (sealed === undefined) return ok(null)
      const bytes = key.key()
      return bytes.ok ? unseal(bytes.value, name, sealed, path) : bytes
    },
    keep: (name, secret) =>
      change((contents) => {
        // Under a new key the old secrets would be lost without a word.
        const bytes = Object.keys(contents.secrets).length > 0 ? key.key() : key.keyOrNew()
        if (!bytes.ok) return bytes
        return ok({ ...contents, secrets: { ...contents.secrets, [name]: seal(bytes.value, name, secret) } })
      }),
    forget: (name) =>
      change((contents) => {
        const secrets = Object.fromEntries(Object.entries(contents.secrets).filter(([other]) => other !== name))
        return ok({ ...contents, secrets })
      }),
    async ready(wants) {
      const contents = load(path)
      if (!contents.ok) return false
      const isEmpty = Object.keys(contents.value.secrets).length === 0
      if (isEmpty && wants === 'secret') return false
      return (await key.prepare?.(isEmpty ? 'keyOrNew' : 'key')) ?? false
    },
    get keyPlace() {
      return key.place
    },
  }
}

function load(path: string): Result<Contents, 'denied'> {
  const text = readOwnFile(path)
  if (!text.ok) return problem('denied', text.reason, text.remedy)
  if (text.value === null) return ok({ version: 1, secrets: {} })
  const contents = Contents.safeParse(jsonOf(text.value))
  return contents.success ? ok(contents.data) : unreadable(path)
}

function ownEntry(secrets: Contents['secrets'], name: string): unknown {
  return Object.hasOwn(secrets, name) ? secrets[name] : undefined
}

function seal(key: Uint8Array, name: string, secret: string): z.infer<typeof Sealed> {
  const { createCipheriv, randomBytes } = process.getBuiltinModule('node:crypto')
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(name))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  return { iv: iv.toString('base64'), text: text.toString('base64'), tag: cipher.getAuthTag().toString('base64') }
}

function unseal(key: Uint8Array, name: string, entry: unknown, path: string): Result<string, 'denied'> {
  const sealed = Sealed.safeParse(entry)
  if (!sealed.success) return notOurs(name, path)
  const [iv, text, tag] = [sealed.data.iv, sealed.data.text, sealed.data.tag].map((part) => Buffer.from(part, 'base64'))
  if (iv?.length !== 12 || tag?.length !== 16 || text === undefined) return notOurs(name, path)
  const { createDecipheriv } = process.getBuiltinModule('node:crypto')
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
    .setAAD(Buffer.from(name))
    .setAuthTag(tag)
  const start = decipher.update(text)
  try {
    return ok(Buffer.concat([start, decipher.final()]).toString('utf8'))
  } catch {
    // The tag does not fit: the key is another, or the entry was changed.
    return notOurs(name, path)
  }
}

function notOurs(name: string, path: string): Problem<'denied'> {
  return problem(
    'denied',
    `The secret of ${name} in ${path} does not fit its key: one of the two was changed. Type the secret anew.`,
    { kind: 'setting', path: 'Wall meters' },
  )
}

function unreadable(path: string): Problem<'denied'> {
  return problem(
    'denied',
    `${path} cannot be understood, and is left as it is. Mend it, or set it aside and type the secrets anew.`,
    {
      kind: 'command',
      argv: ['mv', path, `${path}.unreadable`],
      asRoot: false,
    },
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
