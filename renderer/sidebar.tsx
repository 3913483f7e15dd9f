import type { ScreenId } from '../contract/app.ts'
import { formatCoverage } from '../contract/format.ts'
import { bridge, useContract } from './client.ts'
import { useNow } from './now-store.ts'
import { SearchIcon } from './parts/icons.tsx'
import { screens } from './screens/registry.ts'
import { count } from './words.ts'

/** The screens that exist, the way to search, and one line on how well the machine is seen. */
export function Sidebar(props: { current: ScreenId; onSearch: () => void }) {
  const { current, onSearch } = props
  const modifier = bridge().platform === 'darwin' ? '⌘' : 'Ctrl '
  const key = bridge().platform === 'darwin' ? 'Meta' : 'Control'
  return (
    <nav className="sidebar" aria-label="Screens">
      <button
        type="button"
        className="sidebar-item sidebar-search"
        title="Search  /"
        aria-keyshortcuts="/"
        onClick={onSearch}
      >
        <SearchIcon />
        <span className="sidebar-title">Search</span>
        <kbd>/</kbd>
      </button>
      <ul>
        {screens.map(({ id, title, shortcut, icon: Icon }) => (
          <li key={id}>
            <a
              className="sidebar-item"
              href={`#${id}`}
              title={`${title}  ${modifier}${shortcut}`}
              aria-keyshortcuts={`${key}+${shortcut}`}
              aria-current={id === current ? 'page' : undefined}
            >
              <Icon />
              <span className="sidebar-title">{title}</span>
              <kbd>
                {modifier}
                {shortcut}
              </kbd>
            </a>
          </li>
        ))}
      </ul>
      <StatusLine />
    </nav>
  )
}

function StatusLine() {
  const sources = useContract('sources', {}, 'sourcesChanged')
  const { now } = useNow()
  if (sources.value === null) return null
  const measuring = sources.value.sources.filter((source) => source.state === 'measuring')
  const isEstimate = measuring.length > 0 && measuring.every((source) => source.domains.every(isEstimated))
  const coverageRatio = now?.today.coverageRatio ?? sources.value.coverageTodayRatio
  const state = measuring.length === 0 ? 'none' : isEstimate ? 'estimate' : 'measured'
  const text =
    state === 'none'
      ? 'Nothing is measured'
      : state === 'estimate'
        ? 'Estimating from load'
        : `${count(measuring.length, 'source')} measuring`
  const coverage = `${formatCoverage(coverageRatio)} of today seen`
  return (
    <a className="status-line" href="#sources" data-state={state} title={`${text}, ${coverage}`}>
      <span className="status-dot" aria-hidden="true" />
      <span className="status-text">
        {text}
        <br />
        {coverage}
      </span>
    </a>
  )
}

function isEstimated(domain: { provenance: string | null }): boolean {
  return domain.provenance === 'estimate'
}
