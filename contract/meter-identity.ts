import type { WallMeter } from './wall-meter.ts'

// Without schemas, so that a window can ask these without carrying them.

type Series = Pick<WallMeter, 'dialect' | 'provenance' | 'options'>

/** Whether two settings of a meter, at one address, measure the same: else their figures do not belong into one history. */
export function isSameSeries(one: Series, other: Series): boolean {
  const keys = ['unit', 'topic', 'path', 'quantity'] as const
  const isReadAlike = one.dialect === other.dialect && one.provenance === other.provenance
  return isReadAlike && keys.every((key) => one.options[key] === other.options[key])
}

/** Whether the other end of an address shows a certificate before anything is sent. */
export function hasCertificate(address: string): boolean {
  return /^(https|mqtts):/.test(address)
}
