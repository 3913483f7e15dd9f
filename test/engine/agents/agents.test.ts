import { describe, expect, test } from 'vitest'
import { logClaudeCode } from '../../../engine/agents/log-claude-code.ts'
import { AgentHome } from './agent-home.ts'
import { CLAUDE_LOG, claudeLine } from './claude-lines.ts'

function outputs(home: AgentHome): number[] {
  return home.records.map(({ output }) => output ?? -1)
}

describe('a log that grows', () => {
  test('is read from where it ended, not again', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5, text: 'x'.repeat(50_000) }))
    home.look()
    const readBytes = home.files.calls.readBytes
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'b', output: 7 }))
    home.look()
    expect(outputs(home)).toEqual([5, 7])
    expect(home.files.calls.readBytes - readBytes).toBeLessThan(1_000)
  })

  test('tells of an answer that was told of while it was written only what came on top', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 2 }))
    home.look()
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'a', output: 2 }) + claudeLine({ id: 'a', output: 90 }))
    home.look()
    expect(home.records.map(({ output, input, requests }) => ({ output, input, requests }))).toEqual([
      { output: 2, input: 10, requests: 1 },
      { output: 88, input: 0, requests: 0 },
    ])
  })

  test('leaves a last line without its end for the next time, and reports nothing wrong', () => {
    const home = new AgentHome()
    const line = claudeLine({ id: 'a', output: 5 })
    home.files.write(CLAUDE_LOG, line.slice(0, 80))
    home.look()
    expect(home.records).toEqual([])
    home.files.append(CLAUDE_LOG, line.slice(80))
    home.look()
    expect(outputs(home)).toEqual([5])
    expect(home.agents.views()).toMatchObject([{ id: 'log-claude-code', badLines: 0, records: 1, problem: null }])
  })

  test('that is cut short and written anew is read from its beginning, and what was counted stays counted once', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }) + claudeLine({ id: 'b', output: 6 }))
    home.look()
    home.files.rewrite(CLAUDE_LOG, claudeLine({ id: 'b', output: 6 }))
    home.look()
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'c', output: 7 }))
    home.look()
    expect(outputs(home)).toEqual([5, 6, 7])
  })

  test('that took the inode of a removed one, and is longer already, is read from its beginning', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.look()
    home.files.rewrite(
      CLAUDE_LOG,
      claudeLine({ id: 'b', output: 6, text: 'longer' }) + claudeLine({ id: 'c', output: 7 }),
    )
    home.look()
    expect(outputs(home)).toEqual([5, 6, 7])
  })

  test('is not read again under another name', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5, text: 'x'.repeat(50_000) }))
    home.look()
    const readBytes = home.files.calls.readBytes
    home.files.move(CLAUDE_LOG, CLAUDE_LOG.replace('session-1', 'moved'))
    home.files.append(CLAUDE_LOG.replace('session-1', 'moved'), claudeLine({ id: 'b', output: 6 }))
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'c', output: 7 }))
    home.look(700_000)
    expect(outputs(home).sort()).toEqual([5, 6, 7])
    expect(home.files.calls.readBytes - readBytes).toBeLessThan(2_000)
  })

  test('with a line of 50 MB goes on behind it, without having held it', () => {
    const home = new AgentHome()
    const long = Buffer.alloc(50_000_000, 'x')
    home.files.write(CLAUDE_LOG, Buffer.concat([Buffer.from(`${claudeLine({ id: 'a', output: 5 })}{"usage":"`), long]))
    home.look()
    home.files.append(CLAUDE_LOG, `"}\n${claudeLine({ id: 'b', output: 6 })}`)
    home.agents.keep()
    home.start()
    home.look()
    expect(outputs(home)).toEqual([5, 6])
  })

  test('with bytes that are no UTF-8 is read', () => {
    const home = new AgentHome()
    const [before = '', after = ''] = claudeLine({ id: 'a', output: 5, text: 'HERE' }).split('HERE')
    home.files.write(
      CLAUDE_LOG,
      Buffer.concat([Buffer.from(before), Buffer.from([0xff, 0xc0, 0x80]), Buffer.from(after)]),
    )
    home.look()
    expect(outputs(home)).toEqual([5])
  })

  test('with figures that are negative, huge or no numbers tells nothing of those, and says how many there were', () => {
    const home = new AgentHome()
    const nonsense = [-5, 1e300, 1.5].map((output, index) => claudeLine({ id: `n${index}`, output }))
    home.files.write(CLAUDE_LOG, `${nonsense.join('')}{"usage" broken\n${claudeLine({ id: 'a', output: 5 })}`)
    home.look()
    expect(outputs(home)).toEqual([5])
    expect(home.agents.views()[0]?.badLines).toBe(4)
  })
})

describe('copies of one message', () => {
  test('in a resumed session are one', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.files.write(
      CLAUDE_LOG.replace('session-1', 'resumed'),
      claudeLine({ id: 'a', output: 5 }) + claudeLine({ id: 'b', output: 6 }),
    )
    home.look()
    expect(outputs(home)).toEqual([5, 6])
  })

  test('of a side chain, before or after the main chain, are the main one', () => {
    for (const sideIsFirst of [true, false]) {
      const home = new AgentHome()
      const main = claudeLine({ id: 'a', output: 5 })
      const side = claudeLine({ id: 'a', request: 'other', isSidechain: true, output: 5 })
      home.files.write(CLAUDE_LOG, sideIsFirst ? side + main : main + side)
      home.look()
      expect(outputs(home)).toEqual([5])
    }
  })

  test('are two where a server gives one id to two requests', () => {
    const home = new AgentHome()
    home.files.write(
      CLAUDE_LOG,
      claudeLine({ id: 'a', request: '1', output: 5 }) + claudeLine({ id: 'a', request: '2', output: 5 }),
    )
    home.look()
    expect(outputs(home)).toEqual([5, 5])
  })
})

describe('a restart', () => {
  test('neither counts again nor forgets', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }) + claudeLine({ id: 'b', output: 2 }))
    home.look()
    home.agents.keep()
    home.start()
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'b', output: 10 }) + claudeLine({ id: 'a', output: 5 }))
    home.look()
    expect(outputs(home)).toEqual([5, 2, 8])
  })

  test('after a crash tells again what was not kept, and only that', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.look()
    home.keep()
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'b', output: 6 }))
    home.look()
    home.records = []
    home.start()
    home.look()
    expect(outputs(home)).toEqual([6])
  })

  test('with state that was damaged does not fail', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.look()
    home.keep()
    for (const name of home.state.keys()) home.state.set(name, '[broken')
    home.start()
    home.look()
    expect(outputs(home)).toEqual([5])
  })

  test('writes only what changed: a line more is less than 40 kB of state, with 20,000 answers known', () => {
    const home = new AgentHome()
    const lines = Array.from({ length: 20_000 }, (_, index) => claudeLine({ id: `m${index}`, output: 5 }))
    home.files.write(CLAUDE_LOG, lines.join(''))
    home.look()
    home.clock.advance(60_000)
    home.agents.keep()
    expect(home.records).toHaveLength(20_000)
    home.state.clear()
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'new', output: 5 }))
    home.look()
    home.agents.keep()
    expect([...home.state.values()].reduce((sum, text) => sum + text.length, 0)).toBeLessThan(40_000)
  })
})

describe('looking', () => {
  test('at a home without agents opens nothing and asks only for their folders', () => {
    const home = new AgentHome()
    home.look()
    expect(home.files.calls).toMatchObject({ open: expect.any(Number), readBytes: 0 })
    expect(home.files.calls.look).toBeLessThan(100)
    expect(home.agents.views()).toEqual([])
  })

  test('comes every three seconds while the app works, and once a minute while it rests', () => {
    const home = new AgentHome()
    home.readers = [logClaudeCode]
    home.start()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.look()
    const looks = (seconds: number, busy: readonly string[]) => {
      const before = home.files.calls.look
      for (let second = 0; second < seconds; second++) {
        home.agents.tick(new Set(busy) as never)
        home.clock.advance(1_000)
      }
      return home.files.calls.look - before
    }
    looks(120, [])
    const resting = looks(120, [])
    expect(looks(120, ['claude-code'])).toBeGreaterThan(10 * resting)
  })

  test('follows links once, and ends where they lead in a circle', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.files.links.set('/home/ada/.claude/projects/-home-ada-shop/again', '/home/ada/.claude/projects')
    home.files.links.set('/home/ada/.claude/projects/self', '/home/ada/.claude/projects/self')
    home.look()
    expect(outputs(home)).toEqual([5])
    expect(home.agents.views()[0]?.logFiles).toBe(1)
  })

  test('says where a log may not be read', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.look()
    home.files.open = (path) => ({ ok: false, code: 'denied', reason: `${path} may not be read.`, remedy: null })
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'b', output: 5 }))
    home.look()
    expect(home.agents.views()[0]?.problem).toMatchObject({ code: 'denied' })
  })

  test('leaves alone what was last written to before the history begins, and tells nothing older', () => {
    const home = new AgentHome()
    home.sinceMs = Date.UTC(2026, 10, 10)
    home.start()
    home.files.nowMs = Date.UTC(2026, 10, 5)
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5 }))
    home.look()
    expect(home.files.calls.readBytes).toBe(0)
    home.files.nowMs = Date.UTC(2026, 10, 12)
    home.files.append(CLAUDE_LOG, claudeLine({ id: 'b', output: 6, atMs: Date.UTC(2026, 10, 12) }))
    home.look(700_000)
    expect(outputs(home)).toEqual([6])
  })

  test('takes the tick no longer than a slice: between slices it waits', () => {
    const home = new AgentHome()
    home.files.write(CLAUDE_LOG, claudeLine({ id: 'a', output: 5, text: 'x'.repeat(900_000) }).repeat(40))
    home.clock.advance(60_000)
    home.clockTakesMs = 1
    home.agents.tick(new Set())
    const bytesPerSlice: number[] = []
    for (let slice = 0; slice < 20; slice++) {
      const before = home.files.calls.readBytes
      home.clock.advance(12)
      bytesPerSlice.push(home.files.calls.readBytes - before)
    }
    expect(Math.max(...bytesPerSlice)).toBeLessThan(1_500_000)
    expect(bytesPerSlice.filter((bytes) => bytes > 0).length).toBeGreaterThan(15)
  })
})
