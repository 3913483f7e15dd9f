import { expect, test } from 'vitest'
import type { NowDomain } from '../../../contract/now.ts'
import { treeOf } from '../../../renderer/screens/sources/tree.ts'
import { fullNow } from '../fixtures.ts'

/** Domains from `id<parent`. */
function domains(...links: string[]): NowDomain[] {
  const [pattern] = fullNow().domains
  if (pattern === undefined) throw new Error('The fixture has domains.')
  return links.map((link) => {
    const [id = '', parent] = link.split('<')
    return { ...pattern, id: id as NowDomain['id'], parent: (parent ?? null) as NowDomain['parent'] }
  })
}

const lines = (tree: ReturnType<typeof treeOf>) => tree.map(({ domain, depth }) => `${'  '.repeat(depth)}${domain.id}`)

test('children follow their parent, in the given order', () => {
  expect(lines(treeOf(domains('core/0<cpu/0', 'cpu/0', 'gpu/0', 'uncore/0<cpu/0', 'slice<core/0')))).toEqual([
    'cpu/0',
    '  core/0',
    '    slice',
    '  uncore/0',
    'gpu/0',
  ])
})

test('a child whose parent is not listed stands at the root, and a ring of parents loses nobody', () => {
  expect(lines(treeOf(domains('core/0<cpu/9', 'a<b', 'b<a')))).toEqual(['core/0', 'a', '  b'])
})
