/**
 * Relative standard uncertainties (k = 1) of each source's gain: the one place where they are written down. docs/sources.md quotes them
 * at k = 2, and a test compares the two. A gain is systematic: averaging does not shrink it.
 */
export const GAIN = {
  /** Intel package: ±3–5 % of true package power (Hackenberg et al. 2015; Khan et al. 2018, ACM TOMPECS 3(2)). */
  raplIntelPackage: 0.025,
  /** AMD package: modelled from events, data-dependent power is missed: ±5–10 % (Schöne et al. 2021, arXiv 2108.00808). */
  raplAmdPackage: 0.05,
  /** Cores within a package: same meter as the package. */
  raplCore: 0.025,
  /** Integrated GPU within a package: ±10 %. */
  raplUncore: 0.05,
  /** Memory: ±10–20 % (Desrochers et al. 2016, "A Validation of DRAM RAPL Power Measurements"). */
  raplDram: 0.1,
  /** Whole platform as its maker wired it: ±5–10 %. */
  raplPsys: 0.05,
  /** Power curve of a processor whose model is listed. */
  estimateListedCpu: 0.35,
  /** Power curve of a processor of which only the family is known. */
  estimateFamilyCpu: 0.4,
  /** A virtual machine's share of the processor that it names. */
  estimateVmShare: 0.45,
  /** Nothing known but the number of CPUs. */
  estimateUnknownCpu: 0.5,
  /** Watts per gigabyte: ±50 %. */
  estimateDram: 0.25,
} as const
