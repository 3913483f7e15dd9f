import type { AppId, DomainId } from '../contract/ids.ts'
import { ok, type Result } from '../contract/result.ts'
import type { AppView } from './apps.ts'
import { CALIBRATION_KEY, type CalibrationState } from './calibration/kept-fit.ts'
import type { EnergyBook } from './energy-book.ts'
import { type Ledger, type LedgerOptions, openLedger } from './ledger/ledger.ts'
import type { OpenCode } from './ledger/open-file.ts'
import type { QueryClient } from './ledger/query-client.ts'
import type { LedgerDomain } from './ledger/types.ts'
import type { Ticked } from './tick.ts'

const FLUSH_MS = 10_000
const SAVE_FLOORS_MS = 600_000

/** Hands what ticks make known to the ledger, and writes it out every 10 s. */
export interface HistoryKeeper {
  readonly ledger: Ledger
  keep(ticked: Ticked): void
  /** What the domains are called, which of them count, what their floors are. */
  describeDomains(): void
  /** Calibrations and what they are made of, where they have changed. */
  saveCalibration(): void
  /** How uncertain the rows of a series are that is no longer measured: a later calibration told. */
  restate(domain: DomainId, gainRatio: number): void
  /** An app's name or what it counts as has changed. */
  forgetApps(): void
  flush(): void
  /** The daily backup where it is due, in slices between ticks. */
  maintain(): void
  /** Puts a question to the ledger: off this thread where the engine is live. */
  readonly ask: QueryClient['ask']
  close(): Promise<void>
}

export type KeeperParts = {
  readonly book: EnergyBook
  readonly describe: (id: AppId) => AppView
  readonly shareRatio: number
  readonly wallMs: () => number
  readonly questions: Pick<QueryClient, 'ask' | 'close'>
  readonly calibration: () => CalibrationState
  /** A simulation flushes more rarely: nobody can kill it halfway and miss anything. */
  readonly flushMs?: number
}

export function floorKey(leaf: DomainId): string {
  return `floor/${leaf}`
}

export function openHistory(
  options: LedgerOptions,
): Result<{ ledger: Ledger; keep: (parts: KeeperParts) => HistoryKeeper }, OpenCode> {
  const opened = openLedger(options)
  if (!opened.ok) return opened
  const { ledger } = opened.value
  return ok({ ledger, keep: (parts) => createKeeper(ledger, parts) })
}

function createKeeper(ledger: Ledger, parts: KeeperParts): HistoryKeeper {
  const { book, describe, shareRatio, wallMs, flushMs = FLUSH_MS } = parts
  const described = new Set<AppId>()
  const domains = new Map<DomainId, LedgerDomain>()
  let flushedMs = Number.NEGATIVE_INFINITY
  let savedFloorsMs = Number.NEGATIVE_INFINITY
  const nowS = () => Math.floor(wallMs() / 1_000)

  function describeDomains(): void {
    for (const view of book.views(nowS())) {
      const { domain } = view
      describeDomain({
        id: view.leafId,
        kind: domain.kind,
        parent: view.leafId === domain.id ? domain.parent : domain.id,
        source: domain.source,
        provenance: domain.provenance,
        name: view.leafId === domain.id ? domain.name : `${domain.name}, rest`,
        gainRatio: domain.gainRatio,
        scope: view.scope,
        floorW: view.floor.origin === 'unknown' ? null : view.floor.powerW,
        floorRatio: view.floor.origin === 'unknown' ? null : view.floor.ratio,
        shareRatio: view.shareRatio,
      })
    }
  }

  function describeDomain(domain: LedgerDomain): void {
    domains.set(domain.id, domain)
    ledger.describeDomain(domain)
  }

  function saveCalibration(): void {
    ledger.saveState(CALIBRATION_KEY, JSON.stringify(parts.calibration()))
  }

  function describeApp(id: AppId): void {
    if (described.has(id)) return
    described.add(id)
    ledger.describeApp({ ...describe(id), shareRatio })
  }

  function saveFloors(): void {
    for (const [leaf, state] of book.floorStates()) ledger.saveState(floorKey(leaf), JSON.stringify(state))
    saveCalibration()
    describeDomains()
  }

  let noticesSeen = ledger.notices.length

  function flush(): void {
    // A full disk is the ledger's own state; what was measured waits there in memory.
    ledger.flush(nowS())
    if (ledger.notices.length === noticesSeen) return
    // A damaged file was replaced; whoever answers questions still has the old one open.
    noticesSeen = ledger.notices.length
    void parts.questions.close()
  }

  return {
    ledger,
    describeDomains,
    saveCalibration,
    restate(id, gainRatio) {
      const known = domains.get(id)
      if (known !== undefined) describeDomain({ ...known, gainRatio })
    },
    forgetApps: () => described.clear(),
    flush,
    maintain: () => void ledger.backUpIfDue(nowS()),
    keep(ticked) {
      const offsetMs = ticked.wallMs - ticked.toMs
      for (const attribution of ticked.attributions) {
        for (const share of attribution.shares) describeApp(share.app)
        ledger.record({
          ...attribution,
          startWallMs: attribution.fromMs + offsetMs,
          endWallMs: attribution.toMs + offsetMs,
        })
      }
      for (const { meter, fromMs, toMs, wholeMj, measuredMj } of ticked.overheads) {
        const wall = { startWallMs: fromMs + offsetMs, endWallMs: toMs + offsetMs }
        ledger.recordOverhead({ domain: meter, ...wall, wholeMj, measuredMj })
      }
      if (ticked.gap !== null) {
        const { fromWallMs, toWallMs, cause } = ticked.gap
        ledger.gap({ fromS: Math.floor(fromWallMs / 1_000), toS: Math.floor(toWallMs / 1_000), cause })
      }
      if (ticked.toMs - savedFloorsMs >= SAVE_FLOORS_MS) {
        savedFloorsMs = ticked.toMs
        saveFloors()
      }
      if (ticked.toMs - flushedMs < flushMs) return
      flushedMs = ticked.toMs
      flush()
    },
    ask: parts.questions.ask,
    async close() {
      await parts.questions.close()
      saveFloors()
      ledger.close(nowS())
    },
  }
}
