import type { AppRow, Delivered, Efficiency, ModelRow, RequestRow, UserRow } from '../contract/models.ts'
import { amount, clockTime, duration, efficiency, energy, isoTime, isoTimeMs, plusMinusPct } from './format.ts'
import type { AppsJson, ModelsJson, RequestRowJson, UsersJson } from './shapes.ts'
import type { Column } from './table.ts'

type Figured = AppRow | ModelRow | UserRow

/** What an app, a model or a user has in common with the others. */
function workJson(row: Figured) {
  const { tokensPerJ, jPerToken, delivered } = row
  return {
    output: outputJson(delivered),
    requests: delivered.requests,
    failedRequests: delivered.failedRequests,
    tokensPerJ: tokensPerJ.value,
    jPerToken: jPerToken.value,
    isEstimate: tokensPerJ.isEstimate || jPerToken.isEstimate,
    reason: tokensPerJ.reason ?? jPerToken.reason,
    vpwu: null,
  }
}

export function outputJson({ outputTokens, remoteTokens, audioMs, ...told }: Delivered) {
  return {
    tokens: localTokens(outputTokens, remoteTokens),
    remoteTokens: remoteTokens > 0 ? remoteTokens : null,
    requests: told.requests,
    images: told.images,
    audioS: audioMs === null ? null : audioMs / 1_000,
    promptTokens: told.promptTokens,
    cachedTokens: told.cachedTokens,
    estimatedTokens: told.estimatedTokens,
  }
}

/** Where all of it came from elsewhere, nothing was counted here. */
function localTokens(outputTokens: number | null, remoteTokens: number): number | null {
  if (outputTokens === null || remoteTokens === 0) return outputTokens
  return outputTokens > remoteTokens ? outputTokens - remoteTokens : null
}

export function appJson(of: AppRow) {
  const { delivered: _, tokensPerJ: _ratio, jPerToken: _cost, ...row } = of
  return { ...row, ...workJson(of) } satisfies AppsJson['rows'][number]
}

const ratioJson = ({ value, uncertainty, reason }: Efficiency) => ({ value, uncertainty, reason })

export function modelJson(of: ModelRow, isLive: boolean) {
  const { delivered: _, tokensPerJ: _ratio, jPerToken: _cost, ...row } = of
  return {
    ...row,
    ...workJson(of),
    isLoaded: isLive ? row.isLoaded : null,
    whPerRequest: ratioJson(row.whPerRequest),
    jPerImage: ratioJson(row.jPerImage),
    jPerAudioMinute: ratioJson(row.jPerAudioMinute),
  } satisfies ModelsJson['rows'][number]
}

/** Nobody metered any of it: its energy is its models' alone. */
const isUnmetered = ({ kind, energyMj }: UserRow) => kind === 'unknown' && energyMj === 0

/** All that a user's requests drew was drawn at work for them. */
export function userJson(of: UserRow) {
  const { delivered: _, tokensPerJ: _ratio, jPerToken: _cost, lastS, ...row } = of
  const isUnknown = isUnmetered(of)
  const energyMj = isUnknown ? null : of.energyMj
  const energies = { energyMj, activeMj: energyMj, idleMj: isUnknown ? null : 0 }
  return { ...row, ...energies, ...workJson(of), lastAt: isoTime(lastS) } satisfies UsersJson['rows'][number]
}

export function requestJson({ beganMs, endedMs, audioMs, ...row }: RequestRow): RequestRowJson {
  return {
    ...row,
    at: isoTimeMs(beganMs),
    endedAt: isoTimeMs(endedMs),
    audioS: audioMs === null ? null : audioMs / 1_000,
    reason: row.energyMj === null ? whyUnknown(row) : null,
  }
}

export function whyUnknown({ isRemote }: Pick<RequestRow, 'isRemote'>): string {
  return isRemote ? 'computed elsewhere' : 'energy unknown here'
}

const tokens = ({ delivered }: Figured) => amount(delivered.outputTokens, delivered.estimatedTokens > 0)

export const appColumns: readonly Column<AppRow>[] = [
  { title: 'APP', isElastic: true, text: (app) => (app.local ? app.name : `${app.name} (remote)`) },
  { title: 'ENERGY', align: 'right', text: (app) => energy(app.energyMj, app) },
  { title: '', text: (app) => plusMinusPct(app.uncertainty) },
  { title: 'IDLE', align: 'right', text: (app) => energy(app.idleMj) },
  { title: 'REQUESTS', align: 'right', text: (app) => amount(app.delivered.requests) },
  { title: 'TOKENS', align: 'right', text: tokens },
  { title: 'IMAGES', align: 'right', text: (app) => amount(app.delivered.images) },
  { title: 'TOKENS/J', align: 'right', text: (app) => efficiency(app.tokensPerJ) },
]

export const modelColumns: readonly Column<ModelRow>[] = [
  { title: 'MODEL', isElastic: true, text: (model) => modelName(model) },
  { title: 'APP', text: (model) => model.app },
  { title: 'ENERGY', align: 'right', text: (model) => energy(model.energyMj, model) },
  { title: '', text: (model) => plusMinusPct(model.uncertainty) },
  { title: 'IDLE', align: 'right', text: (model) => energy(model.idleMj) },
  { title: 'REQUESTS', align: 'right', text: (model) => amount(model.delivered.requests) },
  { title: 'TOKENS', align: 'right', text: tokens },
  { title: 'TOKENS/S', align: 'right', text: (model) => amount(model.tokensPerS) },
  {
    title: 'J/TOKEN',
    align: 'right',
    text: (model) => (model.jPerToken.value === null ? '–' : efficiency(model.jPerToken)),
  },
  { title: 'TOKENS/J', align: 'right', text: (model) => efficiency(model.tokensPerJ) },
]

function modelName({ name, quantisation }: ModelRow): string {
  return quantisation === null || name.includes(quantisation) ? name : `${name} ${quantisation}`
}

export const userColumns: readonly Column<UserRow>[] = [
  { title: 'USER', isElastic: true, text: (user) => user.name },
  { title: 'ID', text: (user) => [user.id, ...user.merged.map(({ id }) => id)].join(' + ') },
  { title: 'ENERGY', align: 'right', text: (user) => (isUnmetered(user) ? 'not metered' : energy(user.energyMj)) },
  { title: '', text: (user) => plusMinusPct(user.uncertainty) },
  { title: 'REQUESTS', align: 'right', text: (user) => amount(user.delivered.requests) },
  { title: 'TOKENS', align: 'right', text: tokens },
  { title: 'TOKENS/J', align: 'right', text: (user) => efficiency(user.tokensPerJ) },
  { title: 'LAST', text: (user) => clockTime(user.lastS) },
]

export const requestColumns: readonly Column<RequestRow>[] = [
  { title: 'ENDED', text: (row) => isoTimeMs(row.endedMs).slice(0, 19).replace('T', ' ') },
  { title: 'ID', text: (row) => row.id },
  { title: 'MODEL', isElastic: true, text: (row) => row.modelName ?? row.model ?? '–' },
  { title: 'USER', text: (row) => row.userName ?? '–' },
  { title: 'CLIENT', text: (row) => row.client ?? '–' },
  { title: 'PROMPT', align: 'right', text: (row) => amount(row.promptTokens) },
  { title: 'OUTPUT', align: 'right', text: (row) => outputText(row) },
  { title: 'FIRST', align: 'right', text: (row) => (row.ttftMs === null ? '–' : duration(row.ttftMs)) },
  { title: 'TOOK', align: 'right', text: (row) => duration(row.durationMs) },
  { title: 'STATUS', text: (row) => (row.status === 'failed' ? `failed ${row.httpStatus ?? ''}`.trim() : row.status) },
  { title: 'ENERGY', align: 'right', text: (row) => (row.energyMj === null ? whyUnknown(row) : energy(row.energyMj)) },
  { title: '', text: (row) => plusMinusPct(row.uncertainty) },
]

/** Tokens, images or audio; what the server did not tell is said so. */
export function outputText({ completionTokens, tokensProvenance, images, audioMs }: RequestRow): string {
  if (completionTokens !== null) return amount(completionTokens, tokensProvenance === 'estimate')
  if (images !== null) return `${images} image${images === 1 ? '' : 's'}`
  return audioMs === null ? 'not reported' : `${duration(audioMs)} audio`
}
