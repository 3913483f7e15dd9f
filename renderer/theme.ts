import { useSyncExternalStore } from 'react'
import type { Settings } from '../contract/settings.ts'
import { bridge } from './client.ts'

export type Theme = 'light' | 'dark'

let setting: Settings['theme'] = 'system'
/** What the desktop says through the app; some Linux desktops tell the app but not the page's media query. */
let desktopTheme: Theme | null = null
const listeners = new Set<() => void>()

/** Puts the theme on the page and keeps it there as desktop and setting change. Once a window. */
export function startTheme(): void {
  apply()
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', apply)
  bridge().on('themeChanged', ({ dark }) => {
    desktopTheme = dark ? 'dark' : 'light'
    apply()
  })
}

export function chooseTheme(chosen: Settings['theme']): void {
  setting = chosen
  apply()
}

/** For what is drawn on a canvas and has to be drawn again in other colours. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, currentTheme)
}

function currentTheme(): Theme {
  if (setting !== 'system') return setting
  return desktopTheme ?? (window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
}

function apply(): void {
  const theme = currentTheme()
  if (document.documentElement.dataset.theme === theme) return
  document.documentElement.dataset.theme = theme
  for (const listener of [...listeners]) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
