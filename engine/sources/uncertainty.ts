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
  /** Apple chip, as its firmware models it: ±10 %, judgement; Apple gives no figure (ml-energy/zeus-apple-silicon README). */
  ioReport: 0.05,
  /** Its memory, of which less is known: ±20 %, judgement. */
  ioReportDram: 0.1,
  /** Whole Mac behind its power supply: ±5 %, judgement. */
  smcSystem: 0.025,
  /** Package of a Mac with an Intel processor, by sensors of its supply: ±10 %, judgement. */
  smcPackage: 0.05,
  /** Energy counter of an Intel graphics card: ±5 %, as its maker's package counters (Hackenberg et al. 2015); judgement for a card. */
  hwmonIntelGpu: 0.025,
  /** Meter of a whole board: ±2–5 %, judgement. */
  hwmonBoard: 0.025,
  /** What a power supply estimates that it delivers: ±10 %, judgement. */
  hwmonSupplyOutput: 0.05,
  /** What a power supply measures that it draws: ±5 %, judgement. */
  hwmonSupplyInput: 0.025,
  /** Voltage × current of a rail: tolerances of chip and shunt, and 40 µV steps at small currents (TI INA3221 data sheet): ±10 %. */
  hwmonRail: 0.05,
  /** AMD before Zen: modelled as Intel's was before Haswell, ±10–15 % (Hackenberg et al. 2015). */
  hwmonFam15h: 0.075,
  /** Regulators' telemetry by formulas that were found by experiment: ±20 %, judgement. */
  hwmonZenpower: 0.1,
  /** A battery's gauge: ±5 %. */
  battery: 0.025,
  /** A rail that a computer maker's own metering chip measures: ±5 %, as such chips' shunts are. */
  emiRail: 0.025,
  /** AMD card by its own sensor or energy: ±10 %; on older ones without losses of the board (judgement). */
  amdgpuCard: 0.05,
  /** Graphics within an AMD chip, as its firmware models it: ±15 % (judgement). */
  amdgpuGraphics: 0.075,
  /** Graphics as what a rail shared with the cores carries beyond them: ±40 % (judgement). */
  amdgpuSharedRail: 0.2,
  /** Neural unit within an AMD chip: ±20 % (judgement). */
  amdgpuNpu: 0.1,
  /** Whole AMD chip as its firmware models it: ±15 % (judgement). */
  amdgpuPackage: 0.075,
  /** NPU: time at work × a typical power, whatever it works on: ±60 %, judgement. */
  npuBusyTime: 0.3,
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
  /** Plug with a metering chip that its maker calibrated: ±1–3 % above 10 W (Shelly, HomeWizard, AVM data sheets). */
  wallPlug: 0.015,
  /** Meter that its owner calibrated, or nobody: ±2–5 % (tasmota/docs, "Power Monitoring Calibration"). */
  wallSelfCalibrated: 0.025,
  /** Watts of a UPS: ±5–10 %, in steps of a per cent of its size. */
  wallUps: 0.05,
  /** Load of a UPS × its size × an assumed power factor: judgement. */
  wallUpsLoad: 0.15,
  /** Power of a server as its controller reads it from the supplies: ±2–5 %. */
  wallServer: 0.025,
  /** A meter behind another program, of unknown make: judgement. */
  wallUnknown: 0.05,
  /** NVIDIA GPU: counter and power come from one meter, ±5 % (Yang, Adámek, Armour 2023, arXiv 2312.02741: > 70 cards beside external meters). */
  nvml: 0.025,
  /** NVIDIA A100, H100 and their kin: the same, sampled in 25 of every 100 ms (arXiv 2312.02741). */
  nvmlSampledInPart: 0.05,
  /** NVIDIA GPU by nvidia-smi: the same meter, looked at for one second in ten: ±20 %, judgement. */
  nvidiaSmi: 0.1,
} as const
