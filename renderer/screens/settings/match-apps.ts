type Named = { readonly id: string; readonly name: string; readonly category: string }

/**
 * Apps whose name, id or category contains every word of `query`; names that begin with it first, otherwise in the order
 * of their names.
 */
export function matchApps<T extends Named>(apps: readonly T[], query: string): readonly T[] {
  const wanted = fold(query)
  const words = wanted.split(/\s+/).filter((word) => word !== '')
  return apps
    .filter((app) => {
      const text = fold(`${app.name} ${app.id} ${app.category}`)
      return words.every((word) => text.includes(word))
    })
    .map((app) => ({ app, isFirst: wanted !== '' && fold(app.name).startsWith(wanted) }))
    .sort((a, b) => Number(b.isFirst) - Number(a.isFirst) || a.app.name.localeCompare(b.app.name, 'en'))
    .map(({ app }) => app)
}

/** Without case and accents. */
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
    .trim()
}
