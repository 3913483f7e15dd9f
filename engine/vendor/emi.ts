import { ok } from '../../contract/result.ts'
import type { VendorDriver } from './driver.ts'
import { hexOf, windowsDevices } from './windows-device.ts'

/** `describe` asks what each meter has, `measure` what those with these paths show now. */
export type EmiRequest =
  | { readonly kind: 'describe' }
  | { readonly kind: 'measure'; readonly meters: readonly { readonly path: string; readonly channels: number }[] }

/** Bytes in hexadecimal, as the device gave them; `null` where it refused. */
export type EmiDescription = {
  readonly path: string
  readonly version: string | null
  readonly metadata: string | null
  /** Win32 code where the device could not be opened: 5 is ERROR_ACCESS_DENIED. */
  readonly errorCode: number | null
}

/** emi.h: GUID_DEVICE_ENERGY_METER, IOCTL_EMI_GET_VERSION, …_METADATA_SIZE, …_METADATA, …_MEASUREMENT. */
const ENERGY_METER = '{45BD8344-7ED6-49CF-A440-C276C933B053}'
const GET_VERSION = 0x22_4000
const GET_METADATA_SIZE = 0x22_4004
const GET_METADATA = 0x22_4008
const GET_MEASUREMENT = 0x22_400c
/** EMI_CHANNEL_MEASUREMENT_DATA. */
const MEASUREMENT_BYTES = 16
const MOST_METADATA_BYTES = 65_536
const MOST_CHANNELS = 1_024

/** Energy Meter Interface of Windows: learn.microsoft.com/windows-hardware/drivers/powermeter/energy-meter-interface. */
export const emiDriver: VendorDriver = {
  name: 'emi',
  platforms: ['win32'],
  open(host) {
    const opened = windowsDevices(host)
    if (!opened.ok) return opened
    const devices = opened.value
    const handles = new Map<string, number>()

    function handleOf(path: string): number | null {
      const known = handles.get(path)
      if (known !== undefined) return known
      const device = devices.open(path)
      if (!('handle' in device)) return null
      handles.set(path, device.handle)
      return device.handle
    }

    function describe(path: string): EmiDescription {
      const known = handles.get(path)
      const device = known === undefined ? devices.open(path) : { handle: known }
      if (!('handle' in device)) return { path, version: null, metadata: null, errorCode: device.errorCode }
      handles.set(path, device.handle)
      const version = devices.control(device.handle, GET_VERSION, null, 2)
      const size = devices.control(device.handle, GET_METADATA_SIZE, null, 4)
      const bytes = size === null || size.length < 4 ? 0 : new DataView(size.buffer).getUint32(0, true)
      const isSane = bytes > 0 && bytes <= MOST_METADATA_BYTES
      const metadata = isSane ? devices.control(device.handle, GET_METADATA, null, bytes) : null
      return { path, version: hexOf(version), metadata: hexOf(metadata), errorCode: null }
    }

    function measure(path: string, channels: number): string | null {
      const handle = handleOf(path)
      if (handle === null) return null
      const bytes = devices.control(handle, GET_MEASUREMENT, null, MEASUREMENT_BYTES * channels)
      if (bytes !== null) return hexOf(bytes)
      // The device may have been removed and come back: the next question opens it anew.
      devices.close(handle)
      handles.delete(path)
      return null
    }

    return ok({
      read(request) {
        const asked = parseRequest(request)
        if (asked.kind === 'describe') return { meters: devices.paths(ENERGY_METER).map(describe) }
        return { measurements: asked.meters.map(({ path, channels }) => measure(path, channels)) }
      },
      close() {
        for (const handle of handles.values()) devices.close(handle)
        handles.clear()
      },
    })
  },
}

function parseRequest(request: unknown): EmiRequest {
  if (typeof request !== 'object' || request === null || !('meters' in request)) return { kind: 'describe' }
  const { meters } = request
  if (!Array.isArray(meters)) return { kind: 'describe' }
  return { kind: 'measure', meters: meters.flatMap((meter: unknown) => parseMeter(meter) ?? []) }
}

function parseMeter(meter: unknown): { path: string; channels: number } | null {
  if (typeof meter !== 'object' || meter === null || !('path' in meter) || !('channels' in meter)) return null
  const { path, channels } = meter
  if (typeof path !== 'string' || typeof channels !== 'number') return null
  return channels > 0 && channels <= MOST_CHANNELS ? { path, channels } : null
}
