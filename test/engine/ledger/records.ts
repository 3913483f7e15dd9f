import { AppId, DomainId, ModelId, SourceId, UserId } from '../../../contract/ids.ts'
import type { Provenance } from '../../../contract/units.ts'
import type { LedgerApp, LedgerDomain, LedgerInterval } from '../../../engine/ledger/types.ts'
import type {
  LedgerModel,
  LedgerModelInterval,
  LedgerOutput,
  LedgerPerson,
  LedgerRequest,
} from '../../../engine/ledger/work-types.ts'

/** 2026-11-25 00:00 in Berlin. */
export const MIDNIGHT_S = Date.UTC(2026, 10, 24, 23) / 1_000

export const cpu = domain('cpu/0')
export const gpu = domain('gpu/0', { kind: 'gpu' })
export const ollama = app('ollama')
export const comfy = app('comfyui')

export function domain(id: string, fields: Partial<LedgerDomain> = {}): LedgerDomain {
  return {
    id: DomainId.parse(id),
    kind: 'cpu',
    parent: null,
    source: SourceId.parse('rapl'),
    provenance: 'counter',
    name: id,
    gainRatio: 0.02,
    scope: 'inner',
    floorW: 2,
    floorRatio: 0.1,
    shareRatio: null,
    ...fields,
  }
}

export function app(id: string, fields: Partial<LedgerApp> = {}): LedgerApp {
  return {
    id: AppId.parse(id),
    name: id,
    category: 'server',
    local: true,
    countsAsAi: true,
    shareRatio: 0.05,
    ...fields,
  }
}

type Shares = Readonly<Record<string, { activeMj?: number; idleMj?: number; floorShareMj?: number; varMj2?: number }>>

/** An interval whose energy is the sum of its parts, and of whose floor each app has its share. */
export function interval(
  of: LedgerDomain,
  [startS, endS]: readonly [number, number],
  parts: { idleMj?: number; otherMj?: number; shares?: Shares; varMj2?: number; provenance?: Provenance } = {},
): LedgerInterval {
  const idleMj = parts.idleMj ?? 0
  const otherMj = parts.otherMj ?? 0
  const given = Object.entries(parts.shares ?? {})
  const aboveMj = given.reduce((sum, [, share]) => sum + (share.activeMj ?? 0) + (share.idleMj ?? 0), otherMj)
  const shares = given.map(([id, { activeMj = 0, idleMj: appIdleMj = 0, floorShareMj, varMj2 = 0 }]) => ({
    app: AppId.parse(id),
    activeMj,
    idleMj: appIdleMj,
    floorShareMj: floorShareMj ?? (aboveMj > 0 ? Math.round((idleMj * (activeMj + appIdleMj)) / aboveMj) : 0),
    varMj2,
  }))
  return {
    domain: of.id,
    startWallMs: startS * 1_000,
    endWallMs: endS * 1_000,
    energyMj: idleMj + aboveMj,
    idleMj,
    otherMj,
    varMj2: parts.varMj2 ?? 0,
    provenance: parts.provenance ?? of.provenance,
    shares,
  }
}

export function model(id: string, fields: Partial<LedgerModel> = {}): LedgerModel {
  const [owner = '', name = ''] = id.split('/')
  return {
    id: ModelId.parse(id),
    app: AppId.parse(owner),
    name,
    ...{ family: null, parameters: null, quantisation: null, engine: null, device: null },
    isRemote: false,
    shareRatio: 0.1,
    ...fields,
  }
}

export const qwen = model('ollama/qwen')
export const gemma = model('ollama/gemma')
export const flux = model('comfyui/flux')
export const ada: LedgerPerson = { id: UserId.parse('os/1000'), kind: 'os' }
export const grace: LedgerPerson = { id: UserId.parse('api/9f3a'), kind: 'api' }
export const project = { id: 'p-41c7' } as const

/** What an app drew in an interval of one domain, divided among its models as 1 to 2; the first loads where `isLoading`. */
export function modelInterval(
  { startWallMs, endWallMs, provenance, shares }: LedgerInterval,
  models: readonly LedgerModel[],
  isLoading = false,
): LedgerModelInterval {
  const share = shares.find((one) => one.app === models[0]?.app) ?? { activeMj: 0, idleMj: 0 }
  const third = (value: number) => Math.floor(value / 3)
  return {
    ...{ startWallMs, endWallMs, provenance },
    shares: models.map(({ id }, index) => {
      const of = (value: number) => {
        if (models.length === 1) return value
        return index === 0 ? third(value) : value - third(value)
      }
      const activeMj = of(share.activeMj)
      const loads = isLoading && index === 0
      return { model: id, activeMj: loads ? 0 : activeMj, loadMj: loads ? activeMj : 0, idleMj: of(share.idleMj) }
    }),
  }
}

/** One request's worth of output of `qwen` to nobody that is known. */
export function output(atS: number, fields: Partial<LedgerOutput> = {}): LedgerOutput {
  return {
    ...{ atS, app: ollama.id, model: qwen.id, user: null, project: null, isRemote: false },
    ...{ promptTokens: 20, cachedTokens: null, outputTokens: 100, estimatedTokens: 0 },
    ...{ requests: 1, failedRequests: 0, unreportedRequests: 0, images: null, audioMs: null },
    ...{ requestMj: 500, requestEstimatedMj: 0, requestVarMj2: 100 },
    ...fields,
  }
}

export function request(id: string, endedMs: number, fields: Partial<LedgerRequest> = {}): LedgerRequest {
  return {
    ...{ id, beganMs: endedMs - 2_000, endedMs, app: ollama.id, model: qwen.id, user: null, project: null },
    ...{ client: 'curl', endpoint: '/api/chat', promptTokens: 20, cachedTokens: null, outputTokens: 100 },
    ...{ tokensProvenance: 'exact' as const, images: null, audioMs: null, ttftMs: 200, durationMs: 2_000 },
    ...{ status: 'done' as const, httpStatus: 200, isRemote: false, energyMj: 500, estimatedMj: 0 },
    ...{ uncertainty: 0.2, provenance: 'counter' as const },
    ...fields,
  }
}

/** All that `openDescribed` describes. */
export const domainsAndApps = {
  ...{ domains: [cpu, gpu], apps: [ollama, comfy], models: [qwen, gemma, flux] },
  ...{ people: [ada, grace], projects: [project] },
} as const
