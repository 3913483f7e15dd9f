import { AppId, DomainId, SourceId } from '../../../contract/ids.ts'
import type { Provenance } from '../../../contract/units.ts'
import type { LedgerApp, LedgerDomain, LedgerInterval } from '../../../engine/ledger/types.ts'

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

/** All that `openDescribed` describes. */
export const domainsAndApps = { domains: [cpu, gpu], apps: [ollama, comfy] } as const
