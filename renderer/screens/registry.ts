import { AppsIcon, ModelsIcon, NowIcon, SettingsIcon, SourcesIcon } from '../parts/icons.tsx'
import { Apps } from './apps.tsx'
import { Models } from './models.tsx'
import { Now } from './now.tsx'
import type { Screen } from './screen.ts'
import { Settings } from './settings.tsx'
import { Sources } from './sources.tsx'

/** Every screen, in the order of the sidebar. A new one is a file and a line here (and its id in contract/app.ts). */
export const screens: readonly Screen[] = [
  { id: 'now', title: 'Now', shortcut: '1', icon: NowIcon, component: Now },
  { id: 'apps', title: 'Apps', shortcut: '2', icon: AppsIcon, component: Apps },
  { id: 'models', title: 'Models', shortcut: '3', icon: ModelsIcon, component: Models },
  { id: 'sources', title: 'Sources', shortcut: '4', icon: SourcesIcon, component: Sources },
  { id: 'settings', title: 'Settings', shortcut: '5', icon: SettingsIcon, component: Settings },
]
