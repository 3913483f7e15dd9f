import { DomainId, SourceId } from '../../contract/ids.ts'
import { ok, problem } from '../../contract/result.ts'
import type { MachineFacts } from '../host/host.ts'
import { type CpuPower, findCpu } from './cpu-power.ts'
import type { Domain, FittedCurve, MachineLoad, OpenSource, Reading, Source, SourceContext } from './source.ts'
import { GAIN } from './uncertainty.ts'

export const ESTIMATE = SourceId.parse('estimate')

/** Energy from a model where nobody measures: a processor's power curve by its load, memory by its size. Provenance `estimate`, always. */
export const estimate: Source = {
  id: ESTIMATE,
  title: 'Estimate from load',
  platforms: ['linux', 'darwin', 'win32'],
  async probe(given) {
    // As better sources left it: what stands in here is added to it by whoever probes.
    const context = { ...given, measuredKinds: new Set(given.measuredKinds) }
    const curves = curvesOf(context)
    if (curves.length === 0) return problem('absent', 'Not needed: the processor’s energy is measured here.')
    if (context.load() === null) {
      return problem('broken', 'Nothing can be estimated: this machine does not tell how busy its processor is.')
    }
    return ok(new OpenEstimate(context, curves))
  },
}

/** Power from idle to full, by utilisation to the power `exponent`. */
type Curve = { readonly domain: Domain; readonly idleW: number; readonly maxW: number; readonly exponent: number }

class OpenEstimate implements OpenSource {
  readonly #context: SourceContext
  #curves: readonly Curve[]
  #before: MachineLoad | null = null

  constructor(context: SourceContext, curves: readonly Curve[]) {
    this.#context = context
    this.#curves = curves
  }

  get domains(): readonly Domain[] {
    return this.#curves.map(({ domain }) => domain)
  }

  /** Covers exactly the interval between this load and the one before. */
  sample(): readonly Reading[] {
    const load = this.#context.load()
    const before = this.#before
    if (load === null) return this.#faults(this.#context.host.clock.monotonicMs())
    if (before !== null && load.atMs <= before.atMs) return []
    this.#before = load
    if (before === null) return []
    const ratio = (load.busyMs - before.busyMs) / ((load.atMs - before.atMs) * load.logicalCpus)
    if (!(ratio >= 0 && ratio <= MOST_RATIO)) return this.#faults(load.atMs)
    return this.#curves.map(({ domain, idleW, maxW, exponent }) => ({
      kind: 'modelled',
      domain: domain.id,
      fromMs: before.atMs,
      atMs: load.atMs,
      powerW: idleW + (maxW - idleW) * Math.min(1, ratio) ** exponent,
    }))
  }

  /** A fit came, went, or holds something that is measured by itself now. */
  refresh(): boolean {
    const curves = curvesOf(this.#context)
    const isSame = curves.length === this.#curves.length && curves.every((curve, i) => isAlike(curve, this.#curves[i]))
    if (!isSame) this.#curves = curves
    return !isSame
  }

  close(): void {
    this.#before = null
  }

  #faults(atMs: number): Reading[] {
    const fault = problem('broken', 'This machine did not tell how busy its processor is, so nothing was estimated.')
    return this.#curves.map(({ domain }) => ({ kind: 'fault', domain: domain.id, atMs, problem: fault }))
  }
}

/** Whole clock ticks and reading a moment later may show a little more than all CPUs; much more is nonsense. */
const MOST_RATIO = 1.5

/** Turbo and the parts that serve all cores make the first busy core dearer than the last (SPECpower_ssj2008 results bend alike). */
const PACKAGE_EXPONENT = 0.75
/** A virtual machine's neighbours share what all cores need: its CPUs cost alike. */
const SHARE_EXPONENT = 1
/** Watts of one virtual CPU where nothing is known: mean of a cloud's processors (cloudcarbonfootprint.org/docs/methodology, AWS). */
const UNKNOWN_VCPU = { idleW: 0.74, maxW: 3.5 } as const
/** DDR4 and DDR5 alike: 0.3–0.4 W a GB on small modules; a module of 16 GB or more draws 2–5 W whatever its size. */
const DRAM_W_PER_GB = 0.35
const DRAM_W_PER_MODULE = 3
const MODULE_GB = 16
/** Watts of such processors are those of their boards (cpu-power-table.ts), soldered memory included. */
const BOARD = /Cortex-A\d|Raspberry Pi/

function curvesOf(context: SourceContext): Curve[] {
  const fitted = context.measuredKinds.has('cpu') ? null : (context.fittedCurve?.() ?? null)
  if (fitted === null) return [...cpuCurves(context), ...dramCurves(context)]
  return [fittedCpu(fitted), ...(fitted.holdsMemory ? [] : dramCurves(context))]
}

function isAlike(curve: Curve, other: Curve | undefined): boolean {
  return curve.domain.id === other?.domain.id && curve.domain.name === other.domain.name
}

function fittedCpu({ domain, name, idleW, slopeW, exponent, gainRatio }: FittedCurve): Curve {
  return {
    domain: { ...cpuDomain(name, gainRatio, idleW), id: domain },
    idleW,
    maxW: idleW + slopeW,
    exponent,
  }
}

function cpuCurves({ facts, measuredKinds }: SourceContext): Curve[] {
  if (measuredKinds.has('cpu')) return []
  const cpu = findCpu(facts.cpuModel)
  const isShare = facts.virtualisation === 'vm' || facts.virtualisation === 'wsl'
  if (cpu === null) return [unknownCurve(facts)]
  return [isShare ? shareCurve(cpu, facts) : packageCurve(cpu, facts)]
}

function packageCurve(cpu: CpuPower, facts: MachineFacts): Curve {
  const sockets = Math.max(1, facts.sockets ?? 1)
  return {
    domain: cpuDomain(
      'Processor (from its model)',
      cpu.isListed ? GAIN.estimateListedCpu : GAIN.estimateFamilyCpu,
      cpu.idleW * sockets,
    ),
    idleW: cpu.idleW * sockets,
    maxW: cpu.maxW * sockets,
    exponent: PACKAGE_EXPONENT,
  }
}

/** As many of the processor's hardware threads as the machine has CPUs, and that part of its idle power. */
function shareCurve(cpu: CpuPower, facts: MachineFacts): Curve {
  const share = facts.logicalCpus / cpu.threads
  return {
    domain: cpuDomain(
      `Processor (share of ${facts.logicalCpus} virtual CPUs)`,
      GAIN.estimateVmShare,
      cpu.idleW * share,
    ),
    idleW: cpu.idleW * share,
    maxW: cpu.maxW * share,
    exponent: SHARE_EXPONENT,
  }
}

function unknownCurve(facts: MachineFacts): Curve {
  const idleW = UNKNOWN_VCPU.idleW * facts.logicalCpus
  return {
    domain: cpuDomain(`Processor (${facts.logicalCpus} CPUs of unknown make)`, GAIN.estimateUnknownCpu, idleW),
    idleW,
    maxW: UNKNOWN_VCPU.maxW * facts.logicalCpus,
    exponent: SHARE_EXPONENT,
  }
}

/** Memory of a virtual machine is its host's, of a board or an Apple chip part of the package: only bare machines. */
function dramCurves({ facts, measuredKinds, host }: SourceContext): Curve[] {
  const isBare = facts.virtualisation === 'none' || facts.virtualisation === 'container'
  if (measuredKinds.has('dram') || !isBare || host.platform === 'darwin' || facts.memoryBytes === null) return []
  if (BOARD.test(facts.cpuModel ?? '')) return []
  const sizeGb = facts.memoryBytes / 2 ** 30
  const powerW = Math.min(sizeGb * DRAM_W_PER_GB, Math.ceil(sizeGb / MODULE_GB) * DRAM_W_PER_MODULE)
  const domain = estimatedDomain('dram', 'Memory (from its size)', GAIN.estimateDram, powerW)
  return [{ domain, idleW: powerW, maxW: powerW, exponent: 1 }]
}

function cpuDomain(name: string, gainRatio: number, idleW: number): Domain {
  return estimatedDomain('cpu', name, gainRatio, idleW)
}

/** An id of its own: a counter that is granted later starts a series of its own, with its own floor and uncertainty. */
function estimatedDomain(kind: 'cpu' | 'dram', name: string, gainRatio: number, idleW: number): Domain {
  return {
    id: DomainId.parse(`${kind}/estimate`),
    kind,
    parent: null,
    source: ESTIMATE,
    provenance: 'estimate',
    name,
    gainRatio,
    plausibleMaxW: 10_000,
    activity: 'cpu',
    tableFloorW: idleW,
  }
}
