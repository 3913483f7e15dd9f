import type { ScreenId } from '../../contract/app.ts'
import { fold } from '../screens/settings/match-apps.ts'

export type Finding = {
  readonly key: string
  readonly title: string
  readonly note: string
  readonly screen: ScreenId
  readonly target?: string
}

type Searchable = Finding & { readonly words: string }

const MOST = 8

/**
 * At most eight places for a query, best first: titles that begin with it, titles with a word that begins with it, then
 * whatever has a word for each of its words. Within a rank the given order stays. An empty query finds nothing.
 */
export function findPlaces(places: readonly Searchable[], query: string): readonly Finding[] {
  const wanted = fold(query)
  if (wanted === '') return []
  const words = wanted.split(/\s+/)
  const rank = (place: Searchable): number | null => {
    const title = fold(place.title)
    if (title.startsWith(wanted)) return 0
    if (wordsOf(title).some((word) => word.startsWith(wanted))) return 1
    const all = wordsOf(`${title} ${fold(place.words)}`)
    return words.every((word) => all.some((known) => known.startsWith(word))) ? 2 : null
  }
  return places
    .map((place) => ({ place, rank: rank(place) }))
    .filter((found): found is { place: Searchable; rank: number } => found.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST)
    .map(({ place: { words: _, ...finding } }) => finding)
}

function wordsOf(text: string): readonly string[] {
  return text.split(/[\s-]+/)
}

/** Everything that search can lead to: screens, apps that run and models that are loaded now, settings, the catalogue. */
export function placesOf(known: {
  screens: readonly { readonly id: ScreenId; readonly title: string }[]
  running: readonly { readonly id: string; readonly name: string; readonly category: string }[]
  models: readonly { readonly id: string; readonly name: string }[]
  sections: readonly { readonly id: string; readonly title: string; readonly words: string }[]
  catalogue: readonly { readonly id: string; readonly name: string; readonly category: string }[]
}): readonly Searchable[] {
  const running = new Set(known.running.map((app) => app.id))
  return [
    ...known.screens.map(({ id, title }) => ({ key: `screen/${id}`, title, note: 'Screen', screen: id, words: '' })),
    ...known.running.map(({ id, name, category }) => ({
      key: `running/${id}`,
      title: name,
      note: 'Running now',
      screen: 'now' as const,
      target: id,
      words: `${id} ${category}`,
    })),
    ...known.models.map(({ id, name }) => ({
      key: `model/${id}`,
      title: name,
      note: 'Model, loaded now',
      screen: 'models' as const,
      target: id,
      words: id,
    })),
    ...known.sections.map(({ id, title, words }) => ({
      key: `setting/${id}`,
      title,
      note: 'Setting',
      screen: 'settings' as const,
      target: id,
      words,
    })),
    ...known.catalogue
      .filter(({ id }) => !running.has(id))
      .map(({ id, name, category }) => ({
        key: `catalogue/${id}`,
        title: name,
        note: 'In the catalogue, not running',
        screen: 'settings' as const,
        target: id,
        words: `${id} ${category}`,
      })),
  ]
}
