import { contextBridge, ipcRenderer } from 'electron'
import { createBridge } from './bridge.ts'

const bridge = createBridge({
  invoke: (channel, name, input) => ipcRenderer.invoke(channel, name, input),
  send: (channel, name) => ipcRenderer.send(channel, name),
  onEvent: (channel, listener) => {
    ipcRenderer.on(channel, (_event, name: unknown, payload: unknown) => listener(name, payload))
  },
})

contextBridge.exposeInMainWorld('perwatt', { ...bridge, platform: process.platform })
