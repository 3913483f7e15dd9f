import type { AppEvent, AppMethod } from './app.ts'
import type { PerwattEvent, PerwattMethod } from './index.ts'

/**
 * Every name that a window may use, as plain strings: the preload script checks against them without carrying the
 * schemas (main parses with those). A test compares the lists with the two contracts.
 */
export const methodNames: readonly (PerwattMethod | AppMethod)[] = [
  'now',
  'live',
  'pause',
  'resume',
  'history',
  'sources',
  'checkAgain',
  'catalogue',
  'unnamed',
  'nameApp',
  'forgetApp',
  'settings',
  'changeSettings',
  'testMeter',
  'setMeter',
  'removeMeter',
  'traffic',
  'servers',
  'findServers',
  'addServer',
  'removeServer',
  'setServerKey',
  'unloadModel',
  'setMetering',
  'apps',
  'models',
  'users',
  'requests',
  'request',
  'mergeUsers',
  'nameUser',
  'jobs',
  'calibration',
  'beginCalibration',
  'endCalibration',
  'abandonCalibration',
  'forgetCalibration',
  'markEnergy',
  'energyBetween',
  'engineInfo',
  'appInfo',
  'openDashboard',
  'hidePopover',
  'setStartAtLogin',
  'copyText',
  'restartEngine',
  'quit',
]

export const eventNames: readonly (PerwattEvent | AppEvent)[] = [
  'tick',
  'sourcesChanged',
  'settingsChanged',
  'serversChanged',
  'requestEnded',
  'stopping',
  'engineState',
  'navigate',
  'themeChanged',
]

/** Methods of the contract that only main may call: no window stops the engine or puts the machine to sleep for it. */
export const withheldNames: readonly PerwattMethod[] = ['powerEvent', 'stop', 'meterReport', 'keepJob']

/** IPC channels between preload and main. */
export const channels = {
  /** invoke(name, input) → Result */
  call: 'perwatt:call',
  /** send(name): this window wants the event */
  subscribe: 'perwatt:subscribe',
  unsubscribe: 'perwatt:unsubscribe',
  /** main → window: (name, payload) */
  event: 'perwatt:event',
} as const
