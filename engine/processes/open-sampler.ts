import type { Host } from '../host/host.ts'
import { type LinuxSamplerOptions, linuxSampler } from './linux.ts'
import { openMacosSampler } from './macos.ts'
import type { ProcessSampler } from './sampler.ts'
import { openWindowsSampler } from './windows.ts'

type Open = (options: LinuxSamplerOptions) => ProcessSampler | Promise<ProcessSampler>

const SAMPLERS: Readonly<Record<Host['platform'], Open>> = {
  linux: linuxSampler,
  darwin: openMacosSampler,
  win32: openWindowsSampler,
}

/** Who is busy, read the way that this platform offers. Ready for a first `readLoad`, which sources that model from load need. */
export async function openSampler(options: LinuxSamplerOptions): Promise<ProcessSampler> {
  return SAMPLERS[options.host.platform](options)
}
