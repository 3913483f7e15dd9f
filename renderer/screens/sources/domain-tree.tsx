import { formatRatio } from '../../../contract/format.ts'
import type { NowDomain } from '../../../contract/now.ts'
import type { SourceStatus } from '../../../contract/sources.ts'
import { PowerFigure } from '../../parts/figure.tsx'
import { domainStates, provenances } from '../../words.ts'
import { treeOf } from './tree.ts'

/** The machine as the tree of what is known of it. */
export function DomainTree(props: { domains: readonly NowDomain[]; sources: readonly SourceStatus[] }) {
  const titles = new Map(props.sources.map((source) => [source.id, source.title]))
  return (
    <table className="table tree">
      <caption className="sr-only">Domains of this machine and their power now</caption>
      <thead>
        <tr>
          <th scope="col">Domain</th>
          <th scope="col" className="col-watts is-number">
            Power
          </th>
          <th scope="col" className="col-margin is-number">
            ±
          </th>
          <th scope="col" className="col-known">
            How it is known
          </th>
          <th scope="col" className="col-source">
            Source
          </th>
        </tr>
      </thead>
      <tbody>
        {treeOf(props.domains).map(({ domain, depth }) => (
          <tr key={domain.id} data-domain={domain.id}>
            <th scope="row">
              <span className="tree-name" style={{ paddingInlineStart: depth * 20 }}>
                {depth > 0 && <span className="tree-elbow" aria-hidden="true" />}
                {domain.name}
                {depth > 0 && <span className="sr-only"> (inside the one above)</span>}
              </span>
            </th>
            <td className="is-number">
              <PowerFigure
                powerW={domain.powerW}
                provenance={domain.provenance}
                uncertainty={null}
                reason={domain.reason}
              />
            </td>
            <td className="is-number is-quiet">{domain.uncertainty === null ? '' : formatRatio(domain.uncertainty)}</td>
            <td className="col-known is-quiet">{howKnown(domain)}</td>
            <td className="is-quiet is-clipped">{titles.get(domain.source) ?? domain.source}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function howKnown(domain: NowDomain): string {
  // What it says of itself is more than what state it is in.
  if (domain.state === 'failing')
    return domain.reason === null ? domainStates.failing : `${domainStates.failing}: ${domain.reason}`
  if (domain.state !== 'measuring') return domain.reason ?? domainStates[domain.state]
  return domain.provenance === null ? '' : provenances[domain.provenance]
}
