import { expect, test } from 'vitest'
import { Subscriptions } from '../../main/subscriptions.ts'

/** Notes what the engine is asked for, and tells. */
function fakeEngine() {
  const handlers = new Map<string, (payload: never) => void>()
  const engine = {
    on: (name: string, handler: (payload: never) => void) => {
      handlers.set(name, handler)
      return () => void handlers.delete(name)
    },
  }
  return {
    engine,
    wanted: () => [...handlers.keys()].toSorted(),
    tell: (name: string, payload: unknown) => handlers.get(name)?.(payload as never),
  }
}

function fakeWindow(isVisible = true) {
  const window = { told: [] as unknown[], isShown: isVisible }
  return Object.assign(window, {
    send: (name: string, payload: unknown) => window.told.push([name, payload]),
    isVisible: () => window.isShown,
  })
}

test('the engine is asked for an event while a window wants it, once for all of them', () => {
  const { engine, wanted, tell } = fakeEngine()
  const subscriptions = new Subscriptions(engine)
  const [one, other] = [fakeWindow(), fakeWindow()]
  subscriptions.add('settingsChanged', one)
  subscriptions.add('settingsChanged', other)
  expect(wanted()).toEqual(['settingsChanged'])
  tell('settingsChanged', 'new')
  expect([one.told, other.told]).toEqual([[['settingsChanged', 'new']], [['settingsChanged', 'new']]])
  subscriptions.remove('settingsChanged', one)
  expect(wanted()).toEqual(['settingsChanged'])
  subscriptions.forget(other)
  expect(wanted()).toEqual([])
})

test('ticks go to windows that can be seen, and stop at the engine when none can', () => {
  const { engine, wanted, tell } = fakeEngine()
  const subscriptions = new Subscriptions(engine)
  const [seen, hidden] = [fakeWindow(), fakeWindow(false)]
  subscriptions.add('tick', hidden)
  expect(wanted()).toEqual([])
  subscriptions.add('tick', seen)
  tell('tick', 1)
  expect([seen.told, hidden.told]).toEqual([[['tick', 1]], []])
  seen.isShown = false
  subscriptions.visibilityChanged()
  expect(wanted()).toEqual([])
  hidden.isShown = true
  subscriptions.visibilityChanged()
  tell('tick', 2)
  expect(hidden.told).toEqual([['tick', 2]])
})

test('events of main’s own reach those who want them and are never asked of the engine', () => {
  const { engine, wanted } = fakeEngine()
  const subscriptions = new Subscriptions(engine)
  const [one, other] = [fakeWindow(false), fakeWindow()]
  subscriptions.add('engineState', one)
  subscriptions.tell('engineState', 'down')
  expect([one.told, other.told, wanted()]).toEqual([[['engineState', 'down']], [], []])
})

test('names that no window may listen to are ignored', () => {
  const { engine, wanted } = fakeEngine()
  const subscriptions = new Subscriptions(engine)
  for (const name of ['constructor', '__proto__', 'now', 'nothing']) subscriptions.add(name, fakeWindow())
  expect(wanted()).toEqual([])
})
