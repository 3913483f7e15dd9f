import { z } from 'zod'
import type { PerwattClient } from '../../contract/index.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import type { ServerStatus } from '../../contract/servers.ts'
import { loopbackHttp } from '../../engine/host/real/http.ts'
import { chatDialect, listPath } from '../../engine/lab/dialects.ts'
import type { ChatDialect, LabModel } from '../../engine/lab/plan.ts'

type Offer = Omit<LabModel, 'key'> & { readonly otherName: string | null }
type FindFault = 'absent' | 'badInput' | 'failed'

const OllamaTags = z.object({
  models: z.array(z.object({ name: z.string(), details: z.object({ quantization_level: z.string() }).nullish() })),
})
const OpenAiModels = z.object({ data: z.array(z.object({ id: z.string() })) })

const SERVERS_COMMAND = {
  kind: 'command',
  argv: ['perwatt', 'doctor'],
  asRoot: false,
} as const

/** The models that were named, each on the one server of this machine that has it; loaded or not. */
export async function findModels(
  client: PerwattClient,
  keys: readonly string[],
): Promise<Result<LabModel[], FindFault>> {
  const found = await client.call('findServers', {})
  if (!found.ok) return problem('failed', found.reason, found.remedy)
  const offers = (await Promise.all(found.value.servers.map(offersOf))).flat()
  if (offers.length === 0) return problem('absent', noServers(found.value.servers), SERVERS_COMMAND)
  const models: LabModel[] = []
  for (const key of keys) {
    const model = match(key, offers)
    if (!model.ok) return model
    models.push(model.value)
  }
  return ok(models)
}

function match(key: string, offers: readonly Offer[]): Result<LabModel, FindFault> {
  const at = key.lastIndexOf('@')
  const [name, place] = at > 0 ? [key.slice(0, at), key.slice(at + 1)] : [key, null]
  const having = offers.filter(
    (offer) =>
      [offer.name, offer.otherName].some((own) => own?.toLowerCase() === name.toLowerCase()) &&
      (place === null || new URL(offer.origin).host === place),
  )
  const [only, second] = having
  if (only === undefined) {
    const names = [...new Set(offers.map((offer) => offer.name))].slice(0, 8).join(', ')
    return problem('absent', `No server of this machine has a model "${key}". There is: ${names}.`)
  }
  if (second !== undefined) {
    const places = having.map(({ origin }) => `${name}@${new URL(origin).host}`).join(' or ')
    return problem('badInput', `Several servers have "${key}": say ${places}.`)
  }
  const { otherName: _, ...model } = only
  return ok({ key, ...model })
}

/** What a server can be asked for: only where its energy is seen and it chats. */
async function offersOf(server: ServerStatus): Promise<Offer[]> {
  const dialect = chatDialect(server.connector)
  const { app, origin } = server
  if (server.state !== 'connected' || server.energy !== 'measured' || app === null || dialect === null) return []
  const base = { origin, app, dialect, engine: server.title, canUnload: server.canUnload }
  const loaded = server.models.filter(({ isRemote }) => !isRemote)
  const listed = await listOf(origin, dialect)
  const offers = listed.map(({ name, quantisation }): Offer => {
    const own = loaded.find((model) => model.name === name || (loaded.length === 1 && listed.length === 1))
    return { ...base, name, quantisation: own?.quantisation ?? quantisation, otherName: own?.name ?? null }
  })
  const unlisted = loaded.filter(({ name }) => !offers.some((offer) => offer.name === name || offer.otherName === name))
  return [...offers, ...unlisted.map(({ name, quantisation }) => ({ ...base, name, quantisation, otherName: null }))]
}

/** A server that lists nothing is known by what it holds. */
async function listOf(origin: string, dialect: ChatDialect): Promise<{ name: string; quantisation: string | null }[]> {
  const answer = await loopbackHttp(`${origin}${listPath(dialect)}`)
  if (!answer.ok || answer.value.status !== 200) return []
  const body = parsed(answer.value.body)
  if (dialect.kind === 'openai') {
    const listed = OpenAiModels.safeParse(body)
    return listed.success ? listed.data.data.map(({ id }) => ({ name: id, quantisation: null })) : []
  }
  const tags = OllamaTags.safeParse(body)
  if (!tags.success) return []
  return tags.data.models.map(({ name, details }) => ({ name, quantisation: details?.quantization_level || null }))
}

function noServers(servers: readonly ServerStatus[]): string {
  const why = servers.map(({ name, state, energy, reason }) => {
    if (reason !== null) return `${name}: ${reason}`
    return energy === 'elsewhere'
      ? `${name}: its processes are not seen, so its energy is unknown here`
      : `${name}: ${state}`
  })
  const heard = why.length === 0 ? '' : ` ${why.join('; ')}.`
  return `No server of this machine that chats can be measured now; start one and try again.${heard}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
