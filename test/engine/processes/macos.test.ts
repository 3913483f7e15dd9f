import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { problem } from '../../../contract/result.ts'
import { compileCatalogue } from '../../../engine/catalogue/match.ts'
import { parseLook } from '../../../engine/processes/macos-look.ts'
import { identityOf } from '../../../engine/processes/macos-table.ts'
import { fcOptions } from '../../support/counts.ts'
import { MacProcesses } from './mac-processes.ts'
import { cpuMsOf, memberOf, processesOf } from './machine.ts'

const OLLAMA = '/opt/homebrew/bin/ollama'
const CLAUDE = '/opt/homebrew/bin/claude'

/** A Mac on which `ollama` runs, looked at once. */
async function ollamaMac() {
  const mac = new MacProcesses()
  mac.start(50, { path: OLLAMA, ownMs: 70_000 })
  const sampler = await mac.sampler()
  sampler.sample()
  const tick = () => {
    mac.host.clock.advance(1_000)
    // A look is asked for at one tick and handed over at the next.
    mac.session.ask(mac.session.requests.at(-1))
    sampler.readLoad()
    return sampler.sample()
  }
  tick()
  return { mac, sampler, tick }
}

describe('a sample', () => {
  test('gives each app its CPU time between two looks, and the machine’s', async () => {
    const { mac, tick } = await ollamaMac()
    mac.run(50, 400)
    mac.background(300)
    expect(tick()).toEqual({
      atMs: 2_000,
      intervalMs: 1_000,
      busyMs: 700,
      logicalCpus: 8,
      apps: [{ app: 'ollama', cpuMs: 400, plainCpuMs: 400, processes: 1 }],
    })
  })

  test('is none where no new look has come, and the load stays the same', async () => {
    const { mac, sampler, tick } = await ollamaMac()
    const load = sampler.readLoad()
    tick()
    mac.session.ask = () => {}
    const later = sampler.readLoad()
    sampler.sample()
    expect([sampler.readLoad(), sampler.sample()]).toEqual([later, null])
    expect(load?.atMs).toBe(1_000)
  })

  test('is empty of work after a gap, also where the look was asked for before it', async () => {
    const { mac, sampler, tick } = await ollamaMac()
    mac.run(50, 400)
    mac.host.clock.advance(10)
    sampler.restart()
    sampler.readLoad()
    expect(sampler.sample()).toBeNull()
    expect(tick()).toMatchObject({ intervalMs: 0, busyMs: 0, apps: [{ cpuMs: 0 }] })
    mac.run(50, 100)
    expect(tick()).toMatchObject({ intervalMs: 1_000, busyMs: 100, apps: [{ cpuMs: 100 }] })
  })

  test('counts over the wrap of the machine’s ticks at 32 bits', async () => {
    const mac = new MacProcesses()
    mac.cpuTicks.user = 2 ** 32 - 10
    const sampler = await mac.sampler()
    const before = sampler.readLoad()
    mac.background(700)
    mac.host.clock.advance(1_000)
    sampler.sample()
    expect((sampler.readLoad()?.busyMs ?? 0) - (before?.busyMs ?? 0)).toBe(700)
  })

  test('has no load where libproc cannot be reached, and goes on when it can', async () => {
    const { mac, sampler, tick } = await ollamaMac()
    const { script } = mac.session
    mac.session.script = () => problem('broken', 'The vendor process ended.')
    tick()
    expect(sampler.readLoad()).toBeNull()
    mac.session.script = script
    mac.restartVendor()
    tick()
    mac.run(50, 300)
    expect(cpuMsOf(tick())).toEqual({ ollama: 300 })
  })

  test('asks for the times of apps alone', async () => {
    const { mac, tick } = await ollamaMac()
    for (let pid = 200; pid < 300; pid++) mac.start(pid)
    tick()
    tick()
    expect(mac.session.requests.at(-1)).toMatchObject({ all: false, times: [50] })
  })
})

describe('cores differ on an Apple chip:', () => {
  test('among apps the kernel’s count of CPU energy decides, and together they keep their time', async () => {
    const { mac, sampler, tick } = await ollamaMac()
    mac.start(60, { path: CLAUDE })
    tick()
    mac.run(50, 300, 6)
    mac.run(60, 300, 2)
    mac.background(400)
    const sample = tick()
    expect(sample?.apps).toMatchObject([
      { app: 'ollama', cpuMs: 450, plainCpuMs: 300 },
      { app: 'claude', cpuMs: 150, plainCpuMs: 300 },
    ])
    expect([sample?.busyMs, sampler.coresDiffer]).toEqual([1_000, true])
  })

  test('a Mac with an Intel processor counts none, and time is time', async () => {
    const { mac, sampler, tick } = await ollamaMac()
    mac.performanceLevels = 1
    mac.of(50).energyMj = 0
    mac.start(60, { path: CLAUDE })
    tick()
    mac.run(50, 300, 0)
    mac.run(60, 100, 0)
    expect(tick()?.apps).toMatchObject([{ cpuMs: 300 }, { cpuMs: 100 }])
    expect(sampler.coresDiffer).toBe(false)
  })
})

describe('processes', () => {
  test('that are new are known in the look that shows them, with all that they did', async () => {
    const { mac, tick } = await ollamaMac()
    mac.start(60, { ppid: 50, path: '/usr/bin/runner' })
    mac.run(60, 250)
    const sample = tick()
    expect([cpuMsOf(sample), processesOf(sample)]).toEqual([{ ollama: 250 }, { ollama: 2 }])
  })

  test('that were there before are not booked for what they did before', async () => {
    const mac = new MacProcesses()
    mac.start(50, { path: OLLAMA, ownMs: 5_000 })
    expect(cpuMsOf((await mac.sampler()).sample())).toEqual({ ollama: 0 })
  })

  test('belong to the app above them, through another user’s process too', async () => {
    const { mac, tick } = await ollamaMac()
    mac.start(60, { ppid: 50, path: '/usr/bin/login', isOther: true })
    mac.start(61, { ppid: 60, path: '/bin/zsh' })
    mac.run(61, 100)
    expect(cpuMsOf(tick())).toEqual({ ollama: 100 })
  })

  test('keep their app when their parent ends', async () => {
    const { mac, tick } = await ollamaMac()
    mac.start(60, { ppid: 50, path: '/usr/bin/runner' })
    tick()
    mac.end(50)
    mac.run(60, 100)
    expect(cpuMsOf(tick())).toEqual({ ollama: 100 })
  })

  test('with a number that was given out anew are others', async () => {
    const { mac, tick } = await ollamaMac()
    mac.end(50)
    tick()
    mac.start(50, { path: '/usr/bin/program' })
    mac.run(50, 500)
    expect(tick()?.apps).toEqual([])
  })

  test('that run another program soon after their start are recognised anew, and their work before is not booked', async () => {
    const { mac, tick } = await ollamaMac()
    const shell = mac.start(60, { path: '/bin/zsh' })
    tick()
    mac.run(60, 300)
    shell.path = CLAUDE
    shell.words = [CLAUDE]
    shell.image = CLAUDE
    tick()
    tick()
    expect(cpuMsOf(tick())).toMatchObject({ claude: 0 })
    mac.run(60, 200)
    expect(cpuMsOf(tick())).toMatchObject({ claude: 200 })
  })

  test('of an app that another user runs count as unreadable, never as idle', async () => {
    const mac = new MacProcesses()
    mac.start(50, { path: OLLAMA, isOther: true })
    const sampler = await mac.sampler()
    expect([processesOf(sampler.sample()), sampler.findings()]).toEqual([
      { ollama: 1 },
      [{ code: 'unreadable', count: 1 }],
    ])
  })

  test('that live too short a time to be seen count by their parent’s children times, and what was seen is not booked twice', async () => {
    const { mac, tick } = await ollamaMac()
    mac.start(60, { ppid: 50 })
    mac.run(60, 200)
    expect(cpuMsOf(tick())).toEqual({ ollama: 200 })
    mac.run(60, 50)
    mac.end(60)
    mac.of(50).childMs += 120
    mac.background(120)
    expect(cpuMsOf(tick())).toEqual({ ollama: 170 })
  })

  test('are Perwatt’s own with what it starts', async () => {
    const mac = new MacProcesses()
    mac.start(70, { path: '/Applications/Perwatt.app/Contents/MacOS/node' })
    mac.start(71, { ppid: 70 })
    expect(processesOf((await mac.sampler({ selfPids: () => [70] })).sample())).toEqual({ perwatt: 2 })
  })

  test('are looked at anew when the rules change', async () => {
    const mac = new MacProcesses()
    mac.start(70, { path: '/usr/local/bin/mytool', ownMs: 900 })
    const names = new Set<string>()
    const matcher = {
      recognise: ({ exe }: { exe: string | null }) =>
        exe !== null && names.has(exe) ? () => memberOf(exe) : (above: ReturnType<typeof memberOf> | null) => above,
    }
    const sampler = await mac.sampler({ matcher })
    names.add('mytool')
    sampler.lookAgain()
    for (let tick = 0; tick < 2; tick++) {
      mac.host.clock.advance(1_000)
      sampler.readLoad()
      sampler.sample()
    }
    expect([sampler.appOf(70), Array.from(sampler.tracked(), ({ pid }) => pid)]).toEqual(['mytool', [70]])
  })
})

test('a time that jumps by more than the machine can do is not booked, and counting goes on from there', async () => {
  const { mac, sampler, tick } = await ollamaMac()
  mac.of(50).ownMs += 1e9
  expect(cpuMsOf(tick())).toEqual({ ollama: 0 })
  expect(sampler.findings()).toEqual([{ code: 'unreadable', count: 1 }])
  mac.run(50, 100)
  expect(cpuMsOf(tick())).toEqual({ ollama: 100 })
})

describe('the catalogue recognises', () => {
  const catalogue = compileCatalogue(undefined, undefined, 'darwin')
  const appOf = (path: string, words: string[], bundleId: string | null = null) =>
    catalogue.match(
      identityOf({
        pid: 1,
        uniqueId: '1',
        parentId: '0',
        ppid: 0,
        uid: 501,
        isZombie: false,
        comm: path.slice(-15),
        path,
        bundleId,
        words,
        workingDirectory: '/Users/ada',
      }),
    )?.app ?? null

  test.each([
    ['ollama', '/Applications/Ollama.app/Contents/Resources/ollama', ['ollama', 'serve'], null],
    ['chatgpt-desktop', '/Applications/Renamed.app/Contents/MacOS/Renamed', [], 'com.openai.chat'],
    ['claude-code', '/opt/homebrew/Cellar/node/24/bin/node', ['claude'], null],
    [null, '/usr/bin/ssh', ['ssh', 'ada@example.org'], null],
  ])('%s by path, title or bundle', (app, path, words, bundleId) => {
    expect(appOf(path, words, bundleId)).toBe(app)
  })
})

test('any look is parsed or none, and any answer leaves the sampler without an exception or a wrong number', async () => {
  const decimal = fc.oneof(fc.bigInt({ min: -1n, max: 2n ** 70n }).map(String), fc.anything())
  const look = fc.record({
    cpuTicks: fc.oneof(fc.record({ user: fc.nat(), system: fc.nat(), idle: fc.nat(), nice: fc.nat() }), fc.anything()),
    timebase: fc.oneof(fc.constant({ numerator: 125, denominator: 3 }), fc.anything()),
    performanceLevels: fc.oneof(fc.constant(2), fc.anything()),
    isWhole: fc.boolean(),
    gone: fc.array(fc.nat(60)),
    processes: fc.constant([]),
    usages: fc.array(
      fc.record({
        pid: fc.nat(60),
        usage: fc.oneof(
          fc.constantFrom('gone', 'denied'),
          fc.record({
            image: fc.string(),
            startTicks: decimal,
            ownTicks: decimal,
            childTicks: decimal,
            energyNj: decimal,
          }),
        ),
      }),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(look, fc.anything()), { maxLength: 5 }), async (answers) => {
      for (const answer of answers) parseLook(answer)
      const { mac, tick } = await ollamaMac()
      let at = 0
      mac.session.script = () => {
        const answer = answers[at++]
        return typeof answer === 'bigint' || answer === undefined ? null : safe(answer)
      }
      for (let each = 0; each < answers.length; each++) {
        const sample = tick()
        for (const { cpuMs, plainCpuMs } of sample?.apps ?? []) {
          expect(Number.isFinite(cpuMs) && cpuMs >= 0 && plainCpuMs >= 0).toBe(true)
          expect(plainCpuMs).toBeLessThanOrEqual((sample?.intervalMs ?? 0) * 8 * 3 + 1_000)
        }
      }
    }),
    fcOptions('macos', 60, 6_000),
  )
})

/** What JSON cannot say is left out, as the channel would. */
function safe(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? null : part)))
  } catch {
    return null
  }
}
