import { ok, type Problem, problem } from '../../contract/result.ts'
import type { DeviceUse } from '../processes/gpu-time.ts'
import { type AmdCard, type CardRefusal, openAmdCard } from './amdgpu-card.ts'
import { listAmdGpus } from './amdgpu-devices.ts'
import { AMDGPU } from './amdgpu-domains.ts'
import type { Domain, OpenSource, Reading, Source, SourceContext, SourceFault } from './source.ts'

/**
 * Power of AMD GPUs, of AMD processors with graphics and their neural units, as the driver amdgpu shows it in sysfs.
 * Kernel: Documentation/gpu/amdgpu/thermal.rst, drivers/gpu/drm/amd/include/kgd_pp_interface.h
 */
export const amdgpu: Source = {
  id: AMDGPU,
  title: 'AMD GPUs (amdgpu)',
  platforms: ['linux'],
  async probe(context) {
    const open = new OpenAmdGpu(context)
    open.refresh()
    if (open.domains.length > 0) return ok(open)
    open.close()
    return whyNone(open.refusals)
  },
}

class OpenAmdGpu implements OpenSource {
  /** Of the last refresh. */
  refusals: readonly CardRefusal[] = []
  readonly #context: SourceContext
  #cards: AmdCard[] = []

  constructor(context: SourceContext) {
    this.#context = context
  }

  get domains(): readonly Domain[] {
    return this.#cards.flatMap((card) => card.domains)
  }

  sample(): readonly Reading[] {
    const { clock } = this.#context.host
    return this.#cards.flatMap((card) => card.sample(clock.monotonicMs()))
  }

  uses(): readonly DeviceUse[] {
    return this.#cards.flatMap(({ use }) => use ?? [])
  }

  refresh(): boolean {
    const before = this.domains.map(({ id }) => id).join()
    const known = this.#cards
    const found = new Map<string, AmdCard>()
    const refusals: CardRefusal[] = []
    const gpus = listAmdGpus(this.#context.host.files)
    for (const gpu of gpus) {
      if (found.has(gpu.address)) continue
      const kept = known.find((card) => card.gpu.address === gpu.address && card.gpu.path === gpu.path && !card.isLost)
      const card = kept ?? openAmdCard(this.#context, gpu, gpus.length === 1)
      if (typeof card === 'string') refusals.push(card)
      else found.set(gpu.address, card)
      kept?.reconsider()
    }
    this.refusals = refusals
    this.#cards = [...found.values()]
    for (const card of known) if (!this.#cards.includes(card)) card.close()
    return this.domains.map(({ id }) => id).join() !== before
  }

  close(): void {
    for (const card of this.#cards) card.close()
    this.#cards = []
  }
}

function whyNone(refusals: readonly CardRefusal[]): Problem<SourceFault> {
  if (refusals.length === 0) return problem('absent', 'This machine has no GPU that the driver amdgpu runs.')
  if (refusals.includes('denied')) {
    return problem('denied', 'There is an AMD GPU, but this machine lets only others read its power.')
  }
  if (refusals.every((why) => why === 'contained')) {
    return problem(
      'absent',
      'The graphics of this AMD processor tell no power of their own; what they draw is part of the processor’s.',
    )
  }
  return problem('broken', 'There is an AMD GPU, but its driver does not tell its power.')
}
