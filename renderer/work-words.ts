import { type Figure, formatAmount, THIN } from '../contract/format.ts'
import type { Delivered, Efficiency, RequestRow } from '../contract/models.ts'
import type { ServerModel, ServerStatus } from '../contract/servers.ts'
import { count } from './words.ts'

/** Words and units for what apps and models delivered, once. */

export const NOT_REPORTED = 'not reported'

/** What was delivered, most telling first: tokens, images, minutes of audio, requests. Empty: nobody counted anything. */
export function outputFigures(delivered: Delivered): readonly (Figure & { readonly isEstimate: boolean })[] {
  const { outputTokens, estimatedTokens, images, audioMs, requests } = delivered
  const of = (amount: number | null, one: string, others = `${one}s`, isEstimate = false) =>
    amount === null ? [] : [{ text: formatAmount(amount), unit: amount === 1 ? one : others, isEstimate }]
  return [
    ...of(outputTokens, 'token', 'tokens', estimatedTokens > 0),
    ...of(images, 'image'),
    ...of(audioMs === null ? null : audioMs / 60_000, 'min of audio', 'min of audio'),
    ...of(requests, 'request'),
  ]
}

/** Work per joule of an app: of tokens where they are counted, else the joules of an image or a minute of audio. */
export function efficiencyOf(row: {
  readonly delivered: Delivered
  readonly energyMj: number
  readonly uncertainty: number | null
  readonly estimatedRatio: number
  readonly tokensPerJ: Efficiency
}): { readonly of: Efficiency; readonly unit: string } {
  const { images, audioMs } = row.delivered
  if (row.tokensPerJ.value !== null) return { of: row.tokensPerJ, unit: 'tok/J' }
  const per = (amount: number, unit: string) => ({
    of: {
      value: row.energyMj / 1_000 / amount,
      uncertainty: row.uncertainty,
      isEstimate: row.estimatedRatio > MOSTLY_MEASURED_RATIO,
      reason: null,
    },
    unit,
  })
  if (row.tokensPerJ.reason === NOT_REPORTED && row.energyMj > 0) {
    if (images !== null && images > 0) return per(images, 'J/image')
    if (audioMs !== null && audioMs > 0) return per(audioMs / 60_000, 'J/min')
  }
  return { of: row.tokensPerJ, unit: 'tok/J' }
}

/** As the engine has it for figures of tokens. */
const MOSTLY_MEASURED_RATIO = 0.2

/** "8.2 B", "494 M". */
export function parametersText(parameters: number): string {
  const [size, unit] = parameters >= 999_500_000 ? [parameters / 1e9, 'B'] : [parameters / 1e6, 'M']
  return `${size.toFixed(size < 9.95 ? 1 : 0).replace(/\.0$/, '')}${THIN}${unit}`
}

/** "340 ms", "1.2 s", "42 s", "3.5 min". */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${ms.toFixed(0)}${THIN}ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)}${THIN}s`
  return `${(ms / 60_000).toFixed(1)}${THIN}min`
}

export const devices: Readonly<Record<NonNullable<ServerModel['device']>, string>> = {
  cpu: 'CPU',
  gpu: 'GPU',
  npu: 'NPU',
  mixed: 'CPU and GPU',
}

export const tokenMarks: Readonly<Record<RequestRow['tokensProvenance'], string>> = {
  exact: 'as the server counted them',
  derived: 'derived from what the server counted',
  estimate: 'estimated: pieces of the answer were counted, the server told no usage',
  notReported: 'the server told no usage',
}

export const requestStates: Readonly<Record<RequestRow['status'], string>> = {
  done: 'Done',
  failed: 'Failed',
  aborted: 'Aborted',
}

export const serverStates: Readonly<Record<ServerStatus['state'], string>> = {
  asking: 'Asking',
  connected: 'Connected',
  starting: 'Starting',
  denied: 'Wants a key',
  gone: 'Does not answer',
  unknown: 'Not recognised',
  broken: 'Failing',
}

export const modelStates: Readonly<Record<ServerModel['state'], string>> = {
  loading: 'Loading',
  ready: 'Loaded',
  sleeping: 'Sleeping',
  unloading: 'Unloading',
}

/** "3 in flight, 2 waiting"; `null` where the server does not tell. */
export function flightText(inFlight: number | null, waiting: number | null): string | null {
  if (inFlight === null) return null
  return `${count(inFlight, 'request')} in flight${waiting === null || waiting === 0 ? '' : `, ${waiting} waiting`}`
}
