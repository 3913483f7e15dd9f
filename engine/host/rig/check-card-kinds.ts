import type { Mistake } from './check.ts'
import { cardOf } from './holdings.ts'
import type { JsonPath } from './json-lines.ts'
import type { Rig } from './schema.ts'
import { type RigGpu, SLICE } from './schema-devices.ts'

const GIB = 2 ** 30
const SEVENTHS = 7

/** What an instance of a split card has of its engine and memory. */
export function sliceOf(profile: string): { readonly sevenths: number; readonly bytes: number } {
  const [, sevenths, size] = SLICE.exec(profile) ?? []
  return { sevenths: Number(sevenths), bytes: Number(size) * GIB }
}

/** Graphics within a processor, NPUs and cards that are split: what each of them is and is not. */
export function checkCardKinds(rig: Rig): Mistake[] {
  const cards = rig.gpus.flatMap((card, index) => {
    const at = (field: string, expected: string): Mistake => ({ path: ['gpus', index, field], expected })
    return [...checkInside(rig, card, at), ...checkNpu(rig, card, at), ...checkSlices(rig, card, at)]
  })
  return [...cards, ...rig.processes.flatMap((_, index) => checkSlice(rig, index))]
}

type At = (field: string, expected: string) => Mistake

function checkInside(rig: Rig, { vendor, kind, metrics, inside, sleeps }: RigGpu, at: At): Mistake[] {
  const isApu = metrics !== '1.3'
  if (isApu && (vendor !== 'amd' || kind !== 'gpu'))
    return [at('metrics', 'expected 1.3: only graphics of AMD have 2.4 or 3.0')]
  const isInner = isApu || kind === 'npu'
  if (isInner !== (inside !== undefined)) {
    const expected = isInner
      ? 'expected the package in which it lies'
      : 'expected none: only processors with graphics hold any'
    return [at('inside', expected)]
  }
  if (inside === undefined) return []
  const root = rig.domains.find(({ zone }) => zone === inside)
  if (root === undefined) return [at('inside', 'expected a package of domains')]
  if (root.away.length > 0) return [at('inside', 'expected a package that is never away')]
  if (sleeps !== undefined) return [at('sleeps', 'expected none: it sleeps with its processor')]
  return rig.platform === 'linux' ? [] : [at('inside', 'expected none: on linux alone it is told apart')]
}

function checkNpu({ gpus }: Rig, { vendor, kind, inside }: RigGpu, at: At): Mistake[] {
  if (kind === 'gpu') return []
  if (vendor !== 'amd') return [at('kind', 'expected gpu: only AMD’s NPUs are played')]
  const isTold = gpus.some((other) => other.metrics === '3.0' && other.inside === inside)
  const isFirst = gpus.filter((other) => other.kind === 'npu' && other.inside === inside).length === 1
  return isTold && isFirst ? [] : [at('kind', 'expected one NPU beside graphics with metrics 3.0 in its package')]
}

function checkSlices(rig: Rig, { vendor, slices, memoryBytes }: RigGpu, at: At): Mistake[] {
  if (slices.length === 0) return []
  if (vendor !== 'nvidia' || rig.platform !== 'linux')
    return [at('slices', 'expected none: NVIDIA’s cards split, on linux')]
  const parts = slices.map(sliceOf)
  const sevenths = parts.reduce((sum, part) => sum + part.sevenths, 0)
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (sevenths > SEVENTHS) return [at('slices', `expected at most ${SEVENTHS}g in all, but there are ${sevenths}g`)]
  return bytes > memoryBytes
    ? [at('slices', `expected at most ${memoryBytes} bytes in all, but there are ${bytes}`)]
    : []
}

function checkSlice(rig: Rig, index: number): Mistake[] {
  const spec = rig.processes[index]
  const path: JsonPath = ['processes', index, 'gpuSlice']
  const slices = (spec === undefined ? null : cardOf(rig, spec))?.slices ?? []
  if (slices.length === 0)
    return spec?.gpuSlice === undefined ? [] : [{ path, expected: 'expected a card with slices' }]
  const isOne = spec?.gpuSlice !== undefined && spec.gpuSlice < slices.length
  return isOne ? [] : [{ path, expected: `expected a slice of its card, 0 to ${slices.length - 1}` }]
}
