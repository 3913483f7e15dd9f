import { useState } from 'react'
import { formatCoverage, formatLength, THIN } from '../../contract/format.ts'
import type { Now, NowDomain } from '../../contract/now.ts'
import type { SourceStatus, Sources as SourcesAnswer } from '../../contract/sources.ts'
import { call, useContract } from '../client.ts'
import { useNow } from '../now-store.ts'
import { Command } from '../parts/copy-button.tsx'
import { OverheadLine } from '../parts/overhead.tsx'
import { Empty, Skeleton, View } from '../parts/view.tsx'
import { count, sourceStates, virtualisations } from '../words.ts'
import type { ScreenProps } from './screen.ts'
import { DomainTree } from './sources/domain-tree.tsx'
import { WallMeters } from './sources/meters/wall-meters.tsx'

/** What is measured how, what is missing, and what would mend it. */
export function Sources(props: ScreenProps) {
  const asked = useContract('sources', {}, 'sourcesChanged')
  const { now } = useNow()
  const domainsOf = (answer: SourcesAnswer) => now?.domains ?? answer.sources.flatMap((source) => source.domains)
  return (
    <>
      <header className="screen-head">
        <h1>Sources</h1>
        <CheckAgain onAnswer={asked.replace} />
      </header>
      <View
        of={asked}
        skeleton={
          <>
            <Skeleton heightPx={180} label="Waiting for the list of sources" />
            <Skeleton heightPx={240} />
          </>
        }
      >
        {(answer) => (
          <>
            <Machine answer={answer} domains={domainsOf(answer)} overhead={now?.overhead ?? null} />
            <WallMeters
              domains={domainsOf(answer)}
              keyPlace={answer.secretKeyPlace}
              isTarget={props.target === 'meters'}
            />
            <section className="block" aria-labelledby="sources-title">
              <h2 id="sources-title">Sources, best first</h2>
              <SourceRows sources={answer.sources.filter((source) => !isElsewhere(source))} nowS={now?.at ?? null} />
              <Elsewhere sources={answer.sources.filter(isElsewhere)} />
            </section>
            {answer.findings.length > 0 && <Findings findings={answer.findings} />}
          </>
        )}
      </View>
    </>
  )
}

function CheckAgain(props: { onAnswer: (answer: SourcesAnswer) => void }) {
  const [state, setState] = useState<'idle' | 'checking' | 'checked' | { reason: string }>('idle')
  const check = async () => {
    setState('checking')
    const answer = await call('checkAgain', {})
    if (answer.ok) props.onAnswer(answer.value)
    setState(answer.ok ? 'checked' : { reason: answer.reason })
  }
  return (
    <div className="row-line">
      <span role="status" className="row-note">
        {state === 'checked' ? 'Checked just now.' : typeof state === 'object' ? state.reason : ''}
      </span>
      <button type="button" className="button" disabled={state === 'checking'} onClick={() => void check()}>
        Check again
      </button>
    </div>
  )
}

function Machine(props: { answer: SourcesAnswer; domains: readonly NowDomain[]; overhead: Now['overhead'] }) {
  const { machine, coverageTodayRatio } = props.answer
  const facts = [
    machine.cpuModel ?? 'Processor not known',
    count(machine.logicalCpus, 'logical CPU'),
    machine.virtualisation === null ? null : (virtualisations[machine.virtualisation] ?? null),
    machine.osName,
  ].filter((fact) => fact !== null)
  return (
    <section className="block" aria-labelledby="machine-title">
      <h2 id="machine-title">This machine</h2>
      <p className="facts">{facts.join(' · ')}</p>
      {props.domains.length === 0 ? (
        <Empty title="Nothing is measured yet">
          <p>Each part of the machine whose energy can be read appears here, with its watts and how they are known.</p>
        </Empty>
      ) : (
        <DomainTree domains={props.domains} sources={props.answer.sources} />
      )}
      <OverheadLine overhead={props.overhead} />
      <p className="facts">{formatCoverage(coverageTodayRatio)} of today is covered by readings.</p>
    </section>
  )
}

/** Not on this machine, and nothing that would bring it: worth a line only to whoever looks for it. Wall meters have a section of their own. */
function isElsewhere({ id, state, remedy }: SourceStatus): boolean {
  return state === 'absent' && (remedy === null || id === 'wall')
}

function SourceRows(props: { sources: readonly SourceStatus[]; nowS: number | null }) {
  return (
    <ul className="rows">
      {props.sources.map((source) => (
        <SourceRow key={source.id} source={source} nowS={props.nowS} />
      ))}
    </ul>
  )
}

function Elsewhere(props: { sources: readonly SourceStatus[] }) {
  if (props.sources.length === 0) return null
  return (
    <details className="elsewhere">
      <summary>Not on this machine ({props.sources.length})</summary>
      <SourceRows sources={props.sources} nowS={null} />
    </details>
  )
}

function SourceRow(props: { source: SourceStatus; nowS: number | null }) {
  const { source, nowS } = props
  return (
    <li className="row source" data-source={source.id}>
      <div className="row-line">
        <span className="state-mark" data-state={source.state}>
          {isEstimating(source) ? 'Estimating' : sourceStates[source.state]}
        </span>
        <h3 className="row-title">{source.title}</h3>
        <span className="row-note">{sourceNote(source, nowS)}</span>
      </div>
      {source.reason !== null && <p className="row-text">{source.reason}</p>}
      {source.remedyText !== null && (
        <>
          {source.remedy?.note !== undefined && <p className="row-text">{source.remedy.note}</p>}
          {source.remedy?.kind === 'setting' ? (
            <p className="row-text">{source.remedyText}</p>
          ) : (
            <Command text={source.remedyText} />
          )}
        </>
      )}
    </li>
  )
}

function isEstimating({ state, domains }: SourceStatus): boolean {
  return state === 'measuring' && domains.length > 0 && domains.every((domain) => domain.provenance === 'estimate')
}

/** Domains, cost, last success and faults of a source that was opened; nothing to say of one that was not. */
function sourceNote(source: SourceStatus, nowS: number | null): string {
  if (source.lastReadS === null) return ''
  const ageS = nowS === null ? null : Math.max(0, nowS - source.lastReadS)
  return [
    count(source.domains.length, 'domain'),
    `${source.cpuMsPerTick.toFixed(2)}${THIN}ms a tick`,
    ageS === null ? null : ageS <= 2 ? 'read just now' : `read ${formatLength(ageS * 1_000)} ago`,
    source.faults === 0 ? null : count(source.faults, 'failed read'),
  ]
    .filter((part) => part !== null)
    .join(' · ')
}

function Findings(props: { findings: SourcesAnswer['findings'] }) {
  return (
    <section className="block" aria-labelledby="findings-title">
      <h2 id="findings-title">What was noticed</h2>
      <ul className="rows">
        {props.findings.map((finding) => (
          <li key={finding.text} className="row">
            <div className="row-line">
              <p className="row-text row-title-text">{finding.text}</p>
              <span className="row-note">{count(finding.count, 'time')}</span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
