import { ok } from '../../contract/result.ts'
import type { VendorDriver } from './driver.ts'
import { hexOf, type WindowsDevices, windowsDevices } from './windows-device.ts'

/** Bytes in hexadecimal, as the device gave them; `null` where it refused, as an empty slot does. */
export type BatteryRecord = {
  readonly path: string
  /** BATTERY_INFORMATION, 36 bytes. */
  readonly information: string | null
  /** BATTERY_STATUS, 16 bytes. */
  readonly status: string | null
}

/** poclass.h: GUID_DEVICE_BATTERY, IOCTL_BATTERY_QUERY_TAG, …_INFORMATION, …_STATUS. */
const BATTERY = '{72631E54-78A4-11D0-BCF7-00AA00B7B32A}'
const QUERY_TAG = 0x29_4040
const QUERY_INFORMATION = 0x29_4044
const QUERY_STATUS = 0x29_404c

/** Batteries by their class driver: learn.microsoft.com/windows/win32/power/enumerating-battery-devices. */
export const batteryWindowsDriver: VendorDriver = {
  name: 'battery-windows',
  platforms: ['win32'],
  open(host) {
    const opened = windowsDevices(host)
    if (!opened.ok) return opened
    const devices = opened.value
    return ok({
      read: () => ({ batteries: devices.paths(BATTERY).map((path) => recordOf(devices, path)) }),
      close() {},
    })
  },
}

/** Opened for each look: a kept handle would hinder the removal of a battery. */
function recordOf(devices: WindowsDevices, path: string): BatteryRecord {
  const opened = devices.open(path)
  if (!('handle' in opened)) return { path, information: null, status: null }
  const { handle } = opened
  const tag = devices.control(handle, QUERY_TAG, new Uint8Array(4), 4)
  const isThere = tag !== null && tag.length === 4 && tag.some((byte) => byte !== 0)
  const information = isThere ? devices.control(handle, QUERY_INFORMATION, padded(tag, 12), 36) : null
  const status = isThere ? devices.control(handle, QUERY_STATUS, padded(tag, 20), 16) : null
  devices.close(handle)
  return { path, information: hexOf(information), status: hexOf(status) }
}

/** BATTERY_QUERY_INFORMATION and BATTERY_WAIT_STATUS begin with the tag; zeros ask for level 0 and for an answer at once. */
function padded(tag: Uint8Array, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes)
  bytes.set(tag)
  return bytes
}
