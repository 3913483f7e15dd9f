/**
 * What NVIDIA's command-line tool prints (docs.nvidia.com/deploy/nvidia-smi, `--help-query-gpu`, `--help-query-compute-apps`): a line a card or
 * process, fields divided by ", ". `[N/A]`, `[Not Supported]`, `[Unknown Error]`, `ERR!` and whatever else is no plain number are `null`.
 */

/** A card as the tool tells of it. */
export type SmiCard = {
  /** "0000:01:00.0" */
  readonly pci: string
  readonly uuid: string
  readonly name: string
  /** Mean of the last second; `null` where the driver, or this version of the tool, does not tell it apart. */
  readonly averageW: number | null
  readonly powerW: number | null
  readonly limitW: number | null
  /** Share of the last sample period in which a kernel ran, 0–1. */
  readonly busyRatio: number | null
}

export type SmiProcess = { readonly uuid: string; readonly pid: number; readonly memoryBytes: number | null }

/** The name stands last: it alone may hold a comma. */
const FIELDS = ['pci.bus_id', 'uuid', 'power.draw', 'power.limit', 'utilization.gpu'] as const
const FORMAT = '--format=csv,noheader,nounits'
/** Since about version 530; an older tool refuses the whole question. */
export const QUERY = ['nvidia-smi', `--query-gpu=${[...FIELDS, 'power.draw.average', 'name'].join()}`, FORMAT] as const
export const OLD_QUERY = ['nvidia-smi', `--query-gpu=${[...FIELDS, 'name'].join()}`, FORMAT] as const
export const PROCESS_QUERY = ['nvidia-smi', '--query-compute-apps=gpu_uuid,pid,used_memory', FORMAT] as const

/** More than the largest machine could print. */
const MOST_LETTERS = 200_000
const MOST_CARDS = 64
const MOST_PROCESSES = 4_096
const MOST_NAME = 96
const MIB = 2 ** 20
const PCI = /^([\da-f]{4,8}):([\da-f]{2}):([\da-f]{2})\.([0-7])$/i
const UUID = /^(?:GPU|MIG)-[\w/-]{1,90}$/

/** Cards that the output names in full, each once; nothing of lines that are none. */
export function parseCards(text: string, hasAverage: boolean): SmiCard[] {
  const cards = new Map<string, SmiCard>()
  for (const [address = '', uuid = '', power, limit, busy, ...rest] of lines(text, MOST_CARDS)) {
    const pci = pciOf(address)
    const average = hasAverage ? rest.shift() : undefined
    const name = rest.join(', ')
    if (pci === null || !UUID.test(uuid) || !/^[\x20-\x7e]+$/.test(name) || name.length > MOST_NAME) continue
    const percent = numberOf(busy)
    const busyRatio = percent === null || percent > 100 ? null : percent / 100
    cards.set(pci, {
      pci,
      uuid,
      name,
      averageW: numberOf(average),
      powerW: numberOf(power),
      limitW: numberOf(limit),
      busyRatio,
    })
  }
  return [...cards.values()]
}

/** Processes that compute on a card; one on several cards stands there several times. */
export function parseProcesses(text: string): SmiProcess[] {
  const found = new Map<string, SmiProcess>()
  for (const fields of lines(text, MOST_PROCESSES)) {
    const [uuid = '', id = '', memory] = fields
    const pid = Number(id)
    if (fields.length !== 3 || !UUID.test(uuid) || !/^[1-9]\d{0,9}$/.test(id) || pid > 0x7fff_ffff) continue
    const mib = numberOf(memory)
    found.set(`${uuid} ${pid}`, { uuid, pid, memoryBytes: mib === null ? null : mib * MIB })
  }
  return [...found.values()]
}

function lines(text: string, most: number): string[][] {
  if (text.length > MOST_LETTERS) return []
  const all = text.split('\n').filter((line) => line.trim() !== '')
  return all.length > most ? [] : all.map((line) => line.trim().split(/, */))
}

/** A number as a program in the C locale prints it; a comma or a word in it makes it none. */
function numberOf(field: string | undefined): number | null {
  return field !== undefined && /^\d{1,9}(?:\.\d{1,4})?$/.test(field) ? Number(field) : null
}

/** The tool prints eight digits of the domain, in capitals; sysfs at least four, in small letters. */
function pciOf(address: string): string | null {
  const match = PCI.exec(address)
  if (match === null) return null
  const [, domain = '', bus, device, part] = match
  const short = domain.replace(/^0+(?=[\da-f]{4})/i, '')
  return `${short}:${bus}:${device}.${part}`.toLowerCase()
}
