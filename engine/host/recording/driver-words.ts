import { isPlainName, namesNobody } from './clean.ts'

/** What of a driver's question or answer may be in a recording: what is not named here is left out. */
export type Words = (value: unknown, standIns: StandIns) => unknown

/** The same stand-in for the same name, wherever it stands. */
export class StandIns {
  readonly #names = new Map<string, string>()

  of(kind: string, name: string): string {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const standIn = `${kind}-${this.#names.size + 1}`
    this.#names.set(name, standIn)
    return standIn
  }
}

/** Records of 100 processes on each of 100 slices, in base64. */
const LONGEST = 400_000
const MOST_ENTRIES = 20_000

/** A number, a truth, or a text as a library writes it: digits, base64, a name of a product. */
const figure: Words = (value) =>
  value === null || typeof value === 'number' || typeof value === 'boolean' || isFigureText(value) ? value : null

function isFigureText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= LONGEST && /^[ -~]*$/.test(value)
}

/** As `figure`, and nothing that could be an address or a serial number. */
const word: Words = (value) => (typeof value === 'string' ? (namesNobody(value) ? value.slice(0, 200) : '') : null)

const standIn =
  (kind: string): Words =>
  (value, standIns) =>
    typeof value === 'string' ? standIns.of(kind, value) : null

const list =
  (of: Words): Words =>
  (value, standIns) =>
    Array.isArray(value) ? value.slice(0, MOST_ENTRIES).map((each) => of(each, standIns)) : null

const record =
  (of: Words): Words =>
  (value, standIns) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => isPlainName(key))
            .slice(0, MOST_ENTRIES)
            .map(([key, each]) => [key, of(each, standIns)]),
        )
      : null

/** Fields that are not there stay away: what an interface leaves out is not what it tells as `null`. */
const fields =
  (of: Readonly<Record<string, Words>>): Words =>
  (value, standIns) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(of).flatMap(([key, each]) =>
            Object.hasOwn(value, key) ? [[key, each(Reflect.get(value, key), standIns)]] : [],
          ),
        )
      : null

/** Values of a registry, whatever their depth. */
const plain: Words = (value, standIns) => {
  if (Array.isArray(value)) return list(plain)(value, standIns)
  if (typeof value === 'object' && value !== null) return record(plain)(value, standIns)
  return typeof value === 'string' ? word(value, standIns) : figure(value, standIns)
}

/** "pid 1234, name": whose it is, without its name. */
const creator: Words = (value) => {
  const pid = typeof value === 'string' ? /^pid \d{1,7},/.exec(value)?.[0] : undefined
  return pid === undefined ? null : `${pid} process`
}

type Driver = { readonly question: Words; readonly answer: Words }
const asked = figure

/** Drivers by name. Those of processes (libproc, processes-windows) tell paths, arguments and accounts, and are not recorded. */
export const DRIVER_WORDS: Readonly<Record<string, Driver>> = {
  nvml: {
    question: fields({ pcis: list(word), sinceUs: record(figure), isSlow: figure }),
    answer: fields({
      init: figure,
      isSlow: figure,
      cards: list(
        fields({
          pci: word,
          code: figure,
          codes: record(figure),
          energyMj: figure,
          powerAverageMw: figure,
          powerInstantMw: figure,
          powerUsageMw: figure,
          gpuPct: figure,
          isSplit: figure,
          lists: list(fields({ kind: word, count: figure, bytes: figure })),
          samples: list(fields({ pid: figure, atUs: figure, smPct: figure })),
          description: fields({
            name: word,
            uuid: standIn('GPU'),
            architecture: figure,
            enforcedLimitMw: figure,
            defaultLimitMw: figure,
            memoryBytes: figure,
          }),
        }),
      ),
    }),
  },
  ioreport: { question: asked, answer: fields({ channels: list(fields({ name: word, unit: word, value: figure })) }) },
  smc: {
    question: fields({ keys: list(word) }),
    answer: fields({ keys: record(fields({ code: figure, result: figure, type: word, hex: figure })) }),
  },
  'smart-battery': {
    question: asked,
    answer: fields({
      properties: fields({
        Voltage: figure,
        Amperage: figure,
        InstantAmperage: figure,
        ExternalConnected: figure,
        PowerTelemetryData: fields({ AccumulatedSystemLoad: figure, SystemLoadAccumulatorCount: figure }),
      }),
    }),
  },
  accelerators: {
    question: asked,
    answer: fields({
      accelerators: list(
        fields({
          className: word,
          clients: list(fields({ id: figure, creator, usage: plain, time: plain })),
        }),
      ),
    }),
  },
  emi: {
    question: fields({ kind: word, meters: list(fields({ path: standIn('meter'), channels: figure })) }),
    answer: fields({
      meters: list(fields({ path: standIn('meter'), version: figure, metadata: figure, errorCode: figure })),
      measurements: list(figure),
    }),
  },
  'battery-windows': {
    question: asked,
    answer: fields({ batteries: list(fields({ path: standIn('battery'), information: figure, status: figure })) }),
  },
  pdh: {
    question: asked,
    answer: fields({
      runningTime: list(list(figure)),
      localUsage: list(list(figure)),
      adapters: record(list(figure)),
    }),
  },
}
