import { expect, test } from 'vitest'
import type { LookRequest } from '../../../engine/processes/macos-look.ts'
import { MacProcesses } from './mac-processes.ts'

/** A Mac on which `ollama` and two renderers run, and another user's; each tick a second passes. */
async function busyMac() {
  const mac = new MacProcesses()
  mac.start(50, { path: '/opt/homebrew/bin/ollama' })
  mac.start(60, { path: '/Applications/Blender.app/Contents/MacOS/Blender' })
  mac.start(61, { path: '/Applications/Blender.app/Contents/MacOS/Blender' })
  mac.start(62, { path: '/usr/bin/quiet' })
  mac.start(63, { path: '/usr/bin/theirs', isOther: true })
  const sampler = await mac.sampler()
  sampler.sample()
  const tick = (work: () => void) => {
    mac.host.clock.advance(1_000)
    work()
    // A look is asked for at one tick and handed over at the next.
    mac.session.ask(mac.session.requests.at(-1))
    sampler.readLoad()
    return sampler.sample()
  }
  const pass = (seconds: number, work: () => void) => {
    for (let second = 0; second < seconds; second++) tick(work)
  }
  const asked = () => (mac.session.requests as LookRequest[]).map(({ times }) => times.length)
  return { mac, sampler, pass, asked }
}

test('who uses the CPU and is no app is offered for naming, by program; the quiet, apps and other users are not', async () => {
  const { mac, sampler, pass } = await busyMac()
  pass(16, () => {
    mac.run(50, 300)
    mac.run(60, 600)
    mac.run(61, 200)
    mac.run(62, 10)
    mac.run(63, 100)
  })
  const [named, ...others] = sampler.unnamed()
  expect(others).toEqual([])
  expect(named).toMatchObject({ exe: 'Blender', processes: 2 })
  expect(named?.cpuCores).toBeCloseTo(0.8, 6)
  expect(sampler.findings()).toEqual([])
})

test('all processes are read for two looks a minute at most, and never where apps explain the time', async () => {
  const { mac, pass, asked } = await busyMac()
  pass(70, () => mac.run(50, 900))
  expect(asked().every((count) => count <= 1)).toBe(true)
  pass(70, () => mac.run(60, 900))
  const wide = asked().filter((count) => count > 1).length
  expect(wide).toBeGreaterThan(0)
  expect(wide).toBeLessThanOrEqual(10)
})

test('what was offered is taken back when the rules change, and after a gap it is looked at anew', async () => {
  const { mac, sampler, pass } = await busyMac()
  const work = () => mac.run(60, 600)
  pass(16, work)
  expect(sampler.unnamed()).toHaveLength(1)
  sampler.lookAgain()
  expect(sampler.unnamed()).toEqual([])
  pass(3, work)
  sampler.restart()
  pass(16, work)
  expect(sampler.unnamed()).toMatchObject([{ exe: 'Blender', processes: 1 }])
})

test('a process that becomes an app’s is not booked for what it did before', async () => {
  const { mac, sampler, pass } = await busyMac()
  pass(16, () => mac.run(60, 900))
  mac.of(60).path = '/opt/homebrew/bin/ollama'
  mac.of(60).words = ['/opt/homebrew/bin/ollama']
  sampler.lookAgain()
  let bookedMs = 0
  for (let second = 0; second < 5; second++) {
    mac.host.clock.advance(1_000)
    mac.run(60, 100)
    mac.session.ask(mac.session.requests.at(-1))
    sampler.readLoad()
    bookedMs += sampler.sample()?.apps[0]?.cpuMs ?? 0
  }
  expect(bookedMs).toBeLessThanOrEqual(500)
})
