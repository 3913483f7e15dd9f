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

test('a grant is looked for every time, a device that is not there every tenth, and what gave nonsense never', async () => {
  const denied = scripted('denied', () => problem('denied', 'Only root may read it.'))
  const absent = scripted('absent', () => problem('absent', 'It is not there.'))
  const broken = scripted('broken', () => problem('broken', 'It gave nonsense.'))
  const set = setOf(denied, absent, broken)
  await set.probe()
  for (let look = 0; look < 20; look++) expect(await set.wouldFindMore()).toBe(false)
  expect([denied, absent, broken].map(({ asked }) => asked.times - 1)).toEqual([20, 2, 0])
})
