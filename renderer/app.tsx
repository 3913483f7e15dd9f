import { useEffect, useState } from 'react'
import { bridge, useContract, useEvent } from './client.ts'
import { EngineBanner } from './engine-banner.tsx'
import { useAppInfo } from './engine-state.ts'
import { go, usePlace } from './navigation.ts'
import { Banner } from './parts/banner.tsx'
import { screens } from './screens/registry.ts'
import { Search } from './search/search.tsx'
import { Sidebar } from './sidebar.tsx'
import { chooseTheme } from './theme.ts'

const ids = screens.map(({ id }) => id)

/** The dashboard: sidebar, one screen, and what is true of all of them (theme, engine, search, keys). */
export function App() {
  const { screen: current, target } = usePlace(ids)
  const settings = useContract('settings', {}, 'settingsChanged')
  const { info, engine } = useAppInfo()
  const [isSearching, setSearching] = useState(false)
  useEvent('navigate', ({ screen }) => go(screen))
  const theme = settings.value?.theme
  useEffect(() => {
    if (theme !== undefined) chooseTheme(theme)
  }, [theme])
  useKeys(() => setSearching(true))

  const shown = screens.find(({ id }) => id === current)
  const title = shown?.title ?? ''
  useEffect(() => {
    document.title = `${title} · Perwatt`
  }, [title])
  return (
    <div className="app">
      <Sidebar current={current} onSearch={() => setSearching(true)} />
      <main className="screen" key={current}>
        <EngineBanner engine={engine} />
        {info.value !== null && info.value.trayState !== 'shown' && (
          <Banner tone="plain">
            {info.value.trayState === 'absent'
              ? 'This desktop shows no tray icons, so this window is the way to Perwatt; start it again to come back here.'
              : 'The desktop did not take the tray icon, so this window is the way to Perwatt; start it again to come back here.'}
          </Banner>
        )}
        {shown !== undefined && <shown.component onScreen={go} target={target} />}
      </main>
      {isSearching && (
        <Search
          onClose={() => setSearching(false)}
          onChosen={(place) => {
            setSearching(false)
            go(place.screen, place.target)
          }}
        />
      )}
    </div>
  )
}

/** Ctrl or ⌘ with a digit changes the screen, `/` searches; not while somebody types. */
function useKeys(onSearch: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const hasModifier = bridge().platform === 'darwin' ? event.metaKey : event.ctrlKey
      const screen = screens.find(({ shortcut }) => shortcut === event.key)
      if (hasModifier && !event.altKey && !event.shiftKey && screen !== undefined) {
        event.preventDefault()
        go(screen.id)
      } else if (event.key === '/' && !isTyping(event.target) && document.querySelector('dialog[open]') === null) {
        event.preventDefault()
        onSearch()
      }
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [onSearch])
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
}
