import { ok, type Result } from '../../contract/result.ts'
import { isOurs } from './nvml-cards.ts'
import { NVML } from './nvml-domain.ts'
import { OpenNvml } from './nvml-open.ts'
import { listPciCards } from './nvml-pci.ts'
import { NO_CARD, otherDriver } from './nvml-problems.ts'
import type { OpenSource, Source, SourceFault } from './source.ts'

/**
 * NVIDIA GPUs through NVML: energy in mJ since the driver was loaded (Volta and newer), else power in mW. The library runs in a process of its
 * own, and is unloaded while cards that may sleep have nothing to do. docs.nvidia.com/deploy/nvml-api
 */
export const nvml: Source = {
  id: NVML,
  title: 'NVIDIA GPUs (NVML)',
  platforms: ['linux', 'win32'],
  async probe(context) {
    const { host, facts } = context
    const found = listPciCards(host.files)
    const first = found[0]
    if (first === undefined) {
      const isShownByLibraryAlone = host.platform === 'win32' || facts.virtualisation === 'wsl'
      if (!isShownByLibraryAlone) return NO_CARD
      const opened = await start(new OpenNvml(context, 'library'))
      return opened.ok || opened.code !== 'absent' ? opened : NO_CARD
    }
    if (!found.some(isOurs)) return otherDriver(first.driver)
    const opened = await start(new OpenNvml(context, 'pci'))
    const isUnbound = found.every(({ driver }) => driver === null)
    if (!opened.ok && opened.code === 'absent' && isUnbound && facts.virtualisation !== 'container')
      return otherDriver(null)
    return opened
  },
}

async function start(open: OpenNvml): Promise<Result<OpenSource, SourceFault>> {
  const why = await open.start()
  if (why === null) return ok(open)
  open.close()
  return why
}
