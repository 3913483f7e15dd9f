import { expect, test } from 'vitest'
import type { DomainId, SourceId } from '../../contract/ids.ts'
import { ok, problem, type Result } from '../../contract/result.ts'
import { createSourceSet } from '../../engine/source-set.ts'
import type { Domain, OpenSource, Reading, Source, SourceFault } from '../../engine/sources/source.ts'
import { BARE_FACTS, MemoryHost } from '../support/memory-host.ts'

const CPU = 'cpu/0' as DomainId

function reader(source: string): OpenSource {
  const domain: Domain = {
    ...{ id: CPU, kind: 'cpu', parent: null, source: source as SourceId, provenance: 'sensor', name: source },
    ...{ gainRatio: 0.05, plausibleMaxW: 100, activity: 'cpu', tableFloorW: null },
  }
  const reading: Reading = { kind: 'sensor', domain: CPU, atMs: 0, powerW: 7 }
  return { domains: [domain], sample: () => [reading], refresh: () => false, close() {} }
}

function scripted(id: string, probe: () => Result<OpenSource, SourceFault>) {
  const asked = { times: 0 }
  const source: Source = {
    id: id as SourceId,
    title: id,
    platforms: ['linux'],
    async probe() {
      asked.times += 1
      return probe()
    },
  }
  return { source, asked }
}

const setOf = (...sources: readonly { source: Source }[]) =>
  createSourceSet(
    sources.map(({ source }) => source),
    { host: new MemoryHost(), facts: BARE_FACTS, load: () => null },
  )

test('a domain that two sources read is the first one’s; the other’s readings only check it', async () => {
  const set = setOf(
    scripted('first', () => ok(reader('first'))),
    scripted('second', () => ok(reader('second'))),
  )
  await set.probe()
  expect(set.domains.map(({ source }) => source)).toEqual(['first'])
  expect(set.checks.map(({ source }) => source)).toEqual(['second'])
  expect(set.sample()).toHaveLength(1)
  expect(set.checkReadings().map(({ source }) => source)).toEqual(['second'])
})

test('a grant is looked for every time, a device or a driver every tenth, and what was given up for its nonsense never', async () => {
  const denied = scripted('denied', () => problem('denied', 'Only root may read it.'))
  const absent = scripted('absent', () => problem('absent', 'It is not there.'))
  const outdated = scripted('outdated', () => problem('broken', 'Its driver was updated.'))
  const nonsense = scripted('nonsense', () => ok(reader('nonsense')))
  const set = setOf(denied, absent, outdated, nonsense)
  await set.giveUp(new Map([['nonsense' as SourceId, problem('broken', 'It gave nonsense.')]]))
  for (let look = 0; look < 20; look++) expect(await set.wouldFindMore()).toBe(false)
  expect([denied, absent, outdated].map(({ asked }) => asked.times - 1)).toEqual([20, 2, 2])
  expect(nonsense.asked.times).toBe(0)
})
