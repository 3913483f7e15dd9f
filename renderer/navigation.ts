import { useSyncExternalStore } from 'react'
import type { ScreenId } from '../contract/app.ts'

/** Where the window is: `#sources`, or `#settings/price` for a row or section of it. Main opens the window on a screen by it. */
export type Place = { readonly screen: ScreenId; readonly target: string | null }

export function usePlace(known: readonly ScreenId[]): Place {
  return parsePlace(
    useSyncExternalStore(onHash, () => window.location.hash),
    known,
  )
}

export function go(screen: ScreenId, target?: string): void {
  window.location.hash = placeOf(screen, target)
}

/** The address of a place, for links. */
export function placeOf(screen: ScreenId, target?: string): string {
  return target === undefined ? `#${screen}` : `#${screen}/${encodeURIComponent(target)}`
}

/** An unknown screen is the first one. */
export function parsePlace(hash: string, known: readonly ScreenId[]): Place {
  const [name = '', target] = hash.replace(/^#\/?/, '').split('/')
  const screen = known.find((id) => id === name) ?? known[0] ?? 'now'
  return { screen, target: target === undefined || screen !== name ? null : decode(target) }
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function onHash(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}
