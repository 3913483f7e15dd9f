import { NowIcon, SettingsIcon, SourcesIcon } from '../parts/icons.tsx'
import { Now } from './now.tsx'
import type { Screen } from './screen.ts'
import { Settings } from './settings.tsx'
import { Sources } from './sources.tsx'

/** Every screen, in the order of the sidebar. A new one is a file and a line here (and its id in contract/app.ts). */
export const screens: readonly Screen[] = [
  { id: 'now', title: 'Now', shortcut: '1', icon: NowIcon, component: Now },
  { id: 'sources', title: 'Sources', shortcut: '2', icon: SourcesIcon, component: Sources },
  { id: 'settings', title: 'Settings', shortcut: '3', icon: SettingsIcon, component: Settings },
]
