import type { Mistake } from './check.ts'
import type { JsonPath } from './json-lines.ts'
import type { Rig, RigRootZone } from './schema.ts'
import { APPLE, type RigGpu } from './schema-devices.ts'
import { holdsWhole, TELLERS } from './tellers.ts'

/** What a machine of one platform cannot have. */
export function checkPlatform(rig: Rig): Mistake[] {
  return [
    ...rig.domains.flatMap((root, index) => checkRoot(rig, root, ['domains', index])),
    ...rig.gpus.flatMap((card, index) => checkCard(rig, card, ['gpus', index])),
    ...(rig.platform === 'linux' ? [] : checkNoLinux(rig)),
  ]
}

function checkRoot(rig: Rig, root: RigRootZone, path: JsonPath): Mistake[] {
  const { platform } = rig
  const at = (field: string, expected: string): Mistake => ({ path: [...path, field], expected })
  const tellers: readonly string[] = TELLERS[platform]
  if (root.from !== undefined && !tellers.includes(root.from))
    return [at('from', `expected ${tellers.join(' or ')} on ${platform}`)]
  const mistakes: Mistake[] = []
  if (root.zone === 'psys' && platform === 'win32') mistakes.push(at('zone', 'expected a package on win32'))
  if (platform === 'darwin') mistakes.push(...checkMacRoot(rig, root, at))
  if (platform === 'linux') return mistakes
  if (root.away.length > 0) mistakes.push(at('away', 'expected none: only zones of powercap come and go'))
  if (root.mmio) mistakes.push(at('mmio', 'expected false: only powercap repeats zones'))
  for (const [index, { access, away }] of root.children.entries()) {
    if (access !== undefined || away.length > 0)
      mistakes.push({ path: [...path, 'children', index], expected: 'expected neither access nor away of its own' })
  }
  if (root.access === 'hidden') mistakes.push(at('access', 'expected ok, denied or absent'))
  return mistakes
}

function checkMacRoot(rig: Rig, root: RigRootZone, at: (field: string, expected: string) => Mistake): Mistake[] {
  const mistakes: Mistake[] = []
  if (holdsWhole(rig, root) !== (root.zone === 'psys'))
    mistakes.push(at('from', 'expected smc for psys, and ioreport for all else'))
  if (/^package-(?!0$)/.test(root.zone)) mistakes.push(at('zone', 'expected package-0: a Mac has one'))
  if (root.children.length > 0) mistakes.push(at('children', 'expected none: a Mac tells of no parts'))
  if (root.zone === 'psys' && root.wattsPerCore > 0)
    mistakes.push(at('wattsPerCore', 'expected 0: the meter of a Mac sees what all domains draw'))
  return mistakes
}

function checkCard(rig: Rig, card: RigGpu, path: JsonPath): Mistake[] {
  const at = (field: string, expected: string): Mistake => ({ path: [...path, field], expected })
  const isApple = card.vendor === APPLE
  if (isApple !== (card.pci === APPLE)) return [at('pci', `expected "${APPLE}" for a card of ${APPLE}, and no other`)]
  if (isApple !== (rig.platform === 'darwin'))
    return [at('vendor', isApple ? 'expected a card of apple on darwin alone' : 'expected apple on darwin')]
  if (rig.platform === 'win32' && card.vendor !== 'nvidia' && card.access !== 'absent')
    return [at('access', 'expected absent: on win32 only the energy of NVIDIA’s cards is told')]
  const isPlain = card.sleeps === undefined && card.counter && (card.access === 'ok' || card.access === 'absent')
  if (isApple && !isPlain)
    return [at('vendor', 'expected a GPU of Apple to count, never to sleep, and access ok or absent')]
  return rig.platform === 'win32' && card.sleeps !== undefined ? [at('sleeps', 'expected none on win32')] : []
}

function checkNoLinux(rig: Rig): Mistake[] {
  const { platform } = rig
  const faults = rig.events.flatMap((event, index): Mistake[] =>
    'fault' in event
      ? [{ path: ['events', index, 'fault'], expected: 'expected a rig of linux: faults are of files' }]
      : [],
  )
  const programs = rig.processes.flatMap(({ exe, exec, hint }, index): Mistake[] => {
    const at = (field: string, expected: string): Mistake => ({ path: ['processes', index, field], expected })
    const drive = /^[A-Za-z]:\\/
    const paths = [exe, exec?.exe].filter((path) => path !== undefined)
    if (hint) return [at('hint', 'expected false: only machines of linux tell their apps')]
    if (platform === 'win32' && (exe === undefined || !paths.every((path) => drive.test(path))))
      return [at('exe', 'expected a path such as "C:\\Apps\\ollama.exe"')]
    return platform === 'darwin' && paths.some((path) => drive.test(path))
      ? [at('exe', 'expected a path of a Mac')]
      : []
  })
  const isBare = rig.cpu.virtualisation === 'none' || rig.cpu.virtualisation === 'vm'
  const virtualisation = isBare ? [] : [{ path: ['cpu', 'virtualisation'], expected: 'expected none or vm' }]
  return [...faults, ...programs, ...virtualisation]
}
