import { FAMILIES, POWER_BLOCKS, type PowerBlock } from './cpu-power-table.ts'

export type CpuPower = {
  /** Sustained watts of one fully busy package. */
  readonly maxW: number
  /** Of one package with nothing to do. */
  readonly idleW: number
  /** Hardware threads of one package. */
  readonly threads: number
  /** Whether the model itself is listed, or only its family. */
  readonly isListed: boolean
}

/** Power of a processor by its model's name as Linux, macOS or a hypervisor writes it; `null` where not even the family is known. */
export function findCpu(model: string | null): CpuPower | null {
  if (model === null || model.length > 200) return null
  const name = plainName(model)
  for (const block of POWER_BLOCKS) {
    const listed = block.of.test(name) ? findListed(block, name) : null
    if (listed !== null) return listed
  }
  const family = FAMILIES.find(({ of }) => of.test(name))
  return family === undefined
    ? null
    : { maxW: family.maxW, idleW: family.idleW, threads: family.threads, isListed: false }
}

/** Without trade marks, words that every model has, speed and what it is combined with. */
function plainName(model: string): string {
  return model
    .replace(/\((?:R|TM|C)\)/gi, '')
    .replace(/RYZEN/, 'Ryzen')
    .replace(/ (?:with|w\/) .*$| @.*$/i, '')
    .replace(/\b(?:CPU|Processor|PRO|\d+-Core|\w+-Core Processor)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
}

const LONGEST_NAME = 4
const parsed = new Map<PowerBlock, ReadonlyMap<string, CpuPower>>()

/** Longest run of words that is a listed name: "E5-2680 v4" before "E5-2680". */
function findListed(block: PowerBlock, name: string): CpuPower | null {
  let rows = parsed.get(block)
  if (rows === undefined) {
    rows = parseRows(block)
    parsed.set(block, rows)
  }
  const words = name.split(' ')
  for (let count = LONGEST_NAME; count > 0; count--) {
    for (let from = 0; from + count <= words.length; from++) {
      const listed = rows.get(words.slice(from, from + count).join(' '))
      if (listed !== undefined) return listed
    }
  }
  return null
}

function parseRows({ rows, idle }: PowerBlock): ReadonlyMap<string, CpuPower> {
  const byName = new Map<string, CpuPower>()
  for (const row of rows.trim().split('\n')) {
    const [power = '', names = ''] = row.split(': ')
    const [maxW = Number.NaN, threads = Number.NaN] = power.split('/').map(Number)
    const idleW = 'watts' in idle ? Math.min(idle.watts, maxW / 4) : maxW * idle.ofMaxRatio
    for (const listed of names.split(', ')) byName.set(listed, { maxW, idleW, threads, isListed: true })
  }
  return byName
}
