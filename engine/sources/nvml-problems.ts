import { type Problem, problem, type Remedy } from '../../contract/result.ts'
import type { MachineFacts, VendorFault } from '../host/host.ts'
import type { SourceFault } from './source.ts'

/** Return codes of NVML that mean something to a person (nvmlReturn_t of nvml.h). */
export const NVML_CODE = {
  success: 0,
  uninitialised: 1,
  notSupported: 3,
  noPermission: 4,
  notFound: 6,
  driverNotLoaded: 9,
  timeout: 10,
  libraryNotFound: 12,
  functionNotFound: 13,
  lost: 15,
  resetRequired: 16,
  operatingSystem: 17,
  versionMismatch: 18,
  unknown: 999,
} as const

const REBOOT: Remedy = {
  kind: 'command',
  argv: ['reboot'],
  asRoot: true,
  note: 'Save your work first: this restarts the machine.',
}

const LOAD_DRIVER: Remedy = {
  kind: 'command',
  argv: ['modprobe', 'nvidia'],
  asRoot: true,
  note: 'Loads NVIDIA’s driver, then "Check again". If it is not found, install your distribution’s driver package.',
}

const SHOW_TO_CONTAINER: Remedy = {
  kind: 'command',
  argv: ['docker', 'run', '--gpus', 'all', '-e', 'NVIDIA_DRIVER_CAPABILITIES=utility,compute', 'IMAGE'],
  asRoot: false,
  note: 'Needs NVIDIA’s container toolkit; replace IMAGE, and keep your other options.',
}

const GRANT: Remedy = {
  kind: 'command',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the shell
  argv: ['sh', '-c', 'usermod -aG video ${SUDO_USER:-root}'],
  asRoot: true,
  note: 'Where the files /dev/nvidia* belong to the group "video": log out and in again afterwards.',
}

const RESET: Remedy = {
  kind: 'command',
  argv: ['nvidia-smi', '--gpu-reset'],
  asRoot: true,
  note: 'Everything that uses the card must be closed first.',
}

const NO_LIBRARY =
  'NVIDIA’s library (libnvidia-ml.so.1) is not installed; it comes with NVIDIA’s driver package of your distribution.'

export const NO_CARD = problem('absent', 'This machine has no NVIDIA GPU, or one without NVIDIA’s driver.')
export const NONSENSE = problem('broken', 'NVIDIA’s library gave an answer that makes no sense.')

/** The vendor process has no answer. */
export function unanswered(why: Problem<VendorFault>, facts: MachineFacts): Problem<SourceFault> {
  return why.code === 'absent' ? noLibrary(facts) : why
}

/** The library cannot be loaded at all. */
export function noLibrary(facts: MachineFacts): Problem<SourceFault> {
  if (facts.virtualisation !== 'container') return problem('absent', NO_LIBRARY)
  return problem(
    'hidden',
    'This machine has an NVIDIA GPU, but the container was started without NVIDIA’s driver.',
    SHOW_TO_CONTAINER,
  )
}

/** No NVIDIA GPU is run by NVIDIA's driver: what runs it instead. `driver`: name of the kernel's driver, `null` where there is none. */
export function otherDriver(driver: string | null): Problem<SourceFault> {
  switch (driver) {
    case null:
      return problem('absent', 'This machine has an NVIDIA GPU, but NVIDIA’s driver is not loaded.', LOAD_DRIVER)
    case 'vfio-pci':
      return problem('hidden', 'The NVIDIA GPU is given to a virtual machine: only that machine can read its energy.')
    case 'nouveau':
    case 'nova_core':
      return problem(
        'absent',
        `The NVIDIA GPU runs with the driver ${driver}, which tells no energy; NVIDIA’s own driver does.`,
      )
    default:
      return problem('absent', `The NVIDIA GPU runs with the driver ${driver}, which tells no energy.`)
  }
}

/** A return code that concerns a card, or the whole library. `name`: "NVIDIA’s driver", or that of the card. */
export function codeProblem(code: number, name: string, facts: MachineFacts): Problem<SourceFault> {
  switch (code) {
    case NVML_CODE.driverNotLoaded:
      return problem('absent', 'NVIDIA’s driver is installed, but not loaded.', LOAD_DRIVER)
    case NVML_CODE.libraryNotFound:
      return noLibrary(facts)
    case NVML_CODE.versionMismatch:
      return problem(
        'broken',
        'NVIDIA’s driver was updated, and the old one is still running; nothing can be read before a restart.',
        REBOOT,
      )
    case NVML_CODE.noPermission:
    case NVML_CODE.operatingSystem:
      if (facts.virtualisation === 'container') {
        return problem('hidden', `The container may not use ${name}.`, SHOW_TO_CONTAINER)
      }
      return problem('denied', `This user may not read ${name}.`, GRANT)
    case NVML_CODE.notFound:
      return facts.virtualisation === 'container'
        ? problem('hidden', `The container was not given ${name}.`, SHOW_TO_CONTAINER)
        : problem('absent', `NVIDIA’s driver does not know ${name}.`)
    case NVML_CODE.lost:
      return problem('broken', `The link to ${name} broke: it is off, too hot, or was unplugged.`, REBOOT)
    case NVML_CODE.resetRequired:
      return problem('broken', `Something went wrong inside ${name}, and it needs a reset.`, RESET)
    case NVML_CODE.notSupported:
    case NVML_CODE.functionNotFound:
      return problem('absent', `NVIDIA’s driver tells neither energy nor power of ${name}.`)
    default:
      return problem('broken', `NVIDIA’s driver answered with error ${code} when asked for ${name}.`)
  }
}
