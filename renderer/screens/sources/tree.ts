import type { NowDomain } from '../../../contract/now.ts'

export type Branch = { readonly domain: NowDomain; readonly depth: number; readonly isLast: boolean }

/**
 * Domains as the lines of a tree, parents before children, each in the given order. One whose parent is not in the list
 * stands at the root; a ring of parents (which no source makes) is cut where it would repeat.
 */
export function treeOf(domains: readonly NowDomain[]): readonly Branch[] {
  const ids = new Set(domains.map((domain) => domain.id))
  const seen = new Set<string>()
  const lines: Branch[] = []
  const visit = (level: readonly NowDomain[], depth: number) => {
    level.forEach((domain, index) => {
      if (seen.has(domain.id)) return
      seen.add(domain.id)
      lines.push({ domain, depth, isLast: index === level.length - 1 })
      visit(
        domains.filter((child) => child.parent === domain.id),
        depth + 1,
      )
    })
  }
  visit(
    domains.filter((domain) => domain.parent === null || !ids.has(domain.parent)),
    0,
  )
  visit(
    domains.filter((domain) => !seen.has(domain.id)),
    0,
  )
  return lines
}
