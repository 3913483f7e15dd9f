import { expect, test } from 'vitest'
import { channels } from '../../contract/names.ts'
import { createBridge, type Ipc } from '../../preload/bridge.ts'

/** An `ipcRenderer` that writes down what it is asked and lets the test speak for main. */
function recordingIpc() {
  const heard: string[] = []
  let tell: (name: unknown, payload: unknown) => void = () => undefined
  const ipc: Ipc = {
    invoke: async (channel, name, input) => {
      heard.push(`${channel} ${name} ${JSON.stringify(input)}`)
      return { ok: true, value: {} }
    },
    send: (channel, name) => heard.push(`${channel} ${name}`),
    onEvent: (channel, listener) => {
      expect(channel).toBe(channels.event)
      tell = listener
    },
  }
  return { ipc, heard, tell: (name: unknown, payload: unknown) => tell(name, payload) }
}

test('a call goes to main by its name, with its input', async () => {
  const { ipc, heard } = recordingIpc()
  expect(await createBridge(ipc).call('live', { forS: 900 })).toEqual({ ok: true, value: {} })
  expect(heard).toEqual(['perwatt:call live {"forS":900}'])
})

test.each(['stop', 'powerEvent', 'constructor', 'perwatt:call', ''])(
  '“%s” is refused without asking main',
  async (name) => {
    const { ipc, heard } = recordingIpc()
    expect(await createBridge(ipc).call(name, {})).toMatchObject({ ok: false, code: 'unknownMethod' })
    expect(heard).toEqual([])
  },
)

test('main hears of the first listener and of the loss of the last, not of those between', () => {
  const { ipc, heard } = recordingIpc()
  const bridge = createBridge(ipc)
  const stopFirst = bridge.on('tick', () => undefined)
  const stopSecond = bridge.on('tick', () => undefined)
  stopFirst()
  stopFirst()
  expect(heard).toEqual(['perwatt:subscribe tick'])
  stopSecond()
  expect(heard).toEqual(['perwatt:subscribe tick', 'perwatt:unsubscribe tick'])
  bridge.on('tick', () => undefined)
  expect(heard).toEqual(['perwatt:subscribe tick', 'perwatt:unsubscribe tick', 'perwatt:subscribe tick'])
})

test('an event reaches those who listen to it, until they stop, even when they stop while it is told', () => {
  const { ipc, tell } = recordingIpc()
  const bridge = createBridge(ipc)
  const got: string[] = []
  const stop = bridge.on('tick', (payload) => {
    got.push(`first ${payload}`)
    stop()
  })
  bridge.on('tick', (payload) => got.push(`second ${payload}`))
  bridge.on('navigate', (payload) => got.push(`navigate ${payload}`))
  tell('tick', 1)
  tell('tick', 2)
  tell(7, 3)
  expect(got).toEqual(['first 1', 'second 1', 'second 2'])
})

test('the same function listening twice is told twice and taken off once each', () => {
  const { ipc, heard, tell } = recordingIpc()
  const bridge = createBridge(ipc)
  let told = 0
  const count = () => {
    told += 1
  }
  const stop = bridge.on('tick', count)
  bridge.on('tick', count)
  tell('tick', {})
  stop()
  tell('tick', {})
  expect(told).toBe(3)
  expect(heard).toEqual(['perwatt:subscribe tick'])
})

test('listening to what is no event is a mistake in the window', () => {
  expect(() => createBridge(recordingIpc().ipc).on('stop', () => undefined)).toThrow('may not listen')
})
