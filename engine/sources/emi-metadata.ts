/** What a meter says of itself: its channels in the order in which it measures them. */
export type EmiMeter = { readonly path: string; readonly channels: readonly string[] }

/** One channel's running sum: picowatt-hours, and when it was measured by the meter's own clock, 100 ns. */
export type EmiMeasurement = { readonly energyPwh: bigint; readonly time100ns: bigint }

/** EMI_MEASUREMENT_UNIT: the only one there is. */
const PICOWATT_HOURS = 0
const MOST_CHANNELS = 1_024
/** At 1 MW a counter takes a million years to get here: what shows more is no energy. */
const MOST_ENERGY = 1n << 62n

/**
 * Names of a meter's channels from the bytes of EMI_VERSION and EMI_METADATA_V1 or _V2 (emi.h), in hexadecimal; `null` where they are
 * none, or count another unit than picowatt-hours.
 */
export function parseChannels(version: string | null, metadata: string | null): string[] | null {
  const versionBytes = bytesOf(version)
  const bytes = bytesOf(metadata)
  if (versionBytes === null || versionBytes.length < 2 || bytes === null) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (new DataView(versionBytes.buffer, versionBytes.byteOffset).getUint16(0, true)) {
    case 1:
      return parseV1(view)
    case 2:
      return parseV2(view)
    default:
      return null
  }
}

/** `null` where the bytes are not a measurement of exactly so many channels, or one of them is no energy. */
export function parseMeasurements(hex: unknown, channels: number): EmiMeasurement[] | null {
  const bytes = typeof hex === 'string' ? bytesOf(hex) : null
  if (bytes === null || bytes.length !== channels * 16) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const measurements: EmiMeasurement[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const energyPwh = view.getBigUint64(at, true)
    if (energyPwh > MOST_ENERGY) return null
    measurements.push({ energyPwh, time100ns: view.getBigUint64(at + 8, true) })
  }
  return measurements
}

/** Unit @0, maker and model of 16 characters each, revision @68, bytes of the name @70, name @72. */
function parseV1(view: DataView): string[] | null {
  if (view.byteLength < 72 || view.getInt32(0, true) !== PICOWATT_HOURS) return null
  const name = nameAt(view, 72, view.getUint16(70, true))
  return name === null ? null : [name]
}

/** Number of channels @66; from 68 each is a unit, the bytes of its name, and the name: packed, without padding. */
function parseV2(view: DataView): string[] | null {
  if (view.byteLength < 68) return null
  const count = view.getUint16(66, true)
  if (count > MOST_CHANNELS) return null
  const names: string[] = []
  for (let at = 68; names.length < count; ) {
    if (at + 6 > view.byteLength || view.getInt32(at, true) !== PICOWATT_HOURS) return null
    const nameBytes = view.getUint16(at + 4, true)
    const name = nameAt(view, at + 6, nameBytes)
    if (name === null) return null
    names.push(name)
    at += 6 + nameBytes
  }
  return names
}

function nameAt(view: DataView, from: number, lengthBytes: number): string | null {
  if (lengthBytes % 2 !== 0 || from + lengthBytes > view.byteLength) return null
  const text = new TextDecoder('utf-16le').decode(new Uint8Array(view.buffer, view.byteOffset + from, lengthBytes))
  return text.replace(/\0.*$/s, '')
}

function bytesOf(hex: string | null): Uint8Array | null {
  return hex !== null && /^(?:[0-9a-f]{2})*$/i.test(hex) ? new Uint8Array(Buffer.from(hex, 'hex')) : null
}
