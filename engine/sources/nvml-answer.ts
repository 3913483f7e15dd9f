import { NvmlRecord, type RawProcesses, type UtilisationSample } from './nvml-record.ts'

/**
 * What the vendor process answered; `null` where it is no such answer. The usual one, which comes every second, is recognised by hand: a
 * schema takes ten times as long for it. Whatever is not usual is left to the schema, which alone refuses.
 */
export function nvmlAnswer(value: unknown): NvmlRecord | null {
  if (isUsual(value)) return value
  const parsed = NvmlRecord.safeParse(value)
  return parsed.success ? parsed.data : null
}

type Fields = Readonly<Record<string, unknown>>

const USUAL_PCI = /^[\da-f]{4}:[\da-f]{2}:[\da-f]{2}\.[\da-f]$/
const DECIMAL = /^\d{1,20}$/
/** Far below what the schema allows; longer answers go through it. */
const MOST = 100
const KINDS: ReadonlySet<unknown> = new Set<RawProcesses['kind']>(['compute', 'graphics', 'mps'])

function isUsual(value: unknown): value is NvmlRecord {
  return isFields(value) && isInt(value.init) && value.isSlow === false && isList(value.cards, isUsualCard)
}

function isUsualCard(card: Fields): boolean {
  return (
    typeof card.pci === 'string' &&
    USUAL_PCI.test(card.pci) &&
    isInt(card.code) &&
    areCodes(card.codes) &&
    (card.energyMj === null || isDecimal(card.energyMj)) &&
    isNumberOrNull(card.powerAverageMw) &&
    isNumberOrNull(card.powerInstantMw) &&
    isNumberOrNull(card.powerUsageMw) &&
    isNumberOrNull(card.gpuPct) &&
    typeof card.isSplit === 'boolean' &&
    isList(card.lists, isProcessList) &&
    (card.samples === null || isList(card.samples, isSample)) &&
    card.description === null
  )
}

function isProcessList({ kind, count, bytes }: Fields & Partial<Record<keyof RawProcesses, unknown>>): boolean {
  return KINDS.has(kind) && isCount(count) && typeof bytes === 'string'
}

function isSample({ pid, atUs, smPct }: Fields & Partial<Record<keyof UtilisationSample, unknown>>): boolean {
  return isCount(pid) && isDecimal(atUs) && isCount(smPct)
}

function areCodes(codes: unknown): boolean {
  if (!isFields(codes)) return false
  for (const field in codes) if (!isInt(codes[field])) return false
  return true
}

function isList(list: unknown, isEach: (fields: Fields) => boolean): boolean {
  return Array.isArray(list) && list.length <= MOST && list.every((one) => isFields(one) && isEach(one))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isInt(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function isCount(value: unknown): boolean {
  return isInt(value) && value >= 0
}

function isDecimal(value: unknown): boolean {
  return typeof value === 'string' && DECIMAL.test(value)
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || Number.isFinite(value)
}
