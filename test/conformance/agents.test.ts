import { describe, expect, test } from 'vitest'
import { ok } from '../../contract/result.ts'
import { agentReaders } from '../../engine/agents/registry.ts'
import { builtInApps } from '../../engine/catalogue/catalogue.ts'
import type { AgentFiles } from '../../engine/host/agent-files.ts'
import { fileProblem } from '../../engine/host/file-problem.ts'

/** Named in the catalogue for the day when their logs' shape is known. */
const NOT_READ = ['log-mistral-vibe']

const apps = new Map(builtInApps().map((app) => [app.id as string, app]))

describe('the registry of agents', () => {
  test('reads every log that the catalogue names', () => {
    const named = [...apps.values()].flatMap(({ connector }) => (connector?.startsWith('log-') ? [connector] : []))
    expect([...new Set(named)].sort()).toEqual([...agentReaders.map(({ id }) => id), ...NOT_READ].sort())
  })

  test.each(agentReaders.map((reader) => [reader.id, reader] as const))(
    '%s reads the logs of apps that are in the catalogue, in absolute places, on every system',
    (_, reader) => {
      for (const app of reader.apps) expect(apps.has(app)).toBe(true)
      expect(apps.get(reader.apps[0])?.connector).toBe(reader.id)
      for (const platform of ['linux', 'darwin', 'win32'] as const) {
        const files: AgentFiles = {
          look: () => ok({ id: '1', kind: 'folder', sizeBytes: 0, modifiedMs: 0 }),
          list: () => ok([]),
          open: (path) => fileProblem(path, 'absent'),
          store: (path) => fileProblem(path, 'absent'),
          unpack: () => null,
        }
        const places = reader.places({ files, platform, home: '/home/ada', env: {} })
        if (reader.id !== 'log-crush') expect(places.length).toBeGreaterThan(0)
        for (const { path } of places) expect(path).toMatch(/^\/home\/ada\b/)
      }
    },
  )
})
