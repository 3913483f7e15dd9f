import type { LoadedModel, OutputTotals, ServerReport } from './connector.ts'

/** A report of which nothing is known yet: connectors name only what their server tells. */
export const NOTHING_TOLD: ServerReport = {
  version: null,
  models: [],
  inFlight: null,
  waiting: null,
  totals: [],
  life: null,
  counts: 'proxyOnly',
  limits: null,
  energy: [],
}

/** The setting of most clients that speak OpenAI's dialect, as a variable or a field of their settings. */
export const OPENAI_CLIENT_SETTING = 'OPENAI_BASE_URL=http://127.0.0.1:{port}/v1'

/** A loaded model by its name, with all that its server did not say. */
export function loadedModel(id: string, told: Partial<LoadedModel> = {}): LoadedModel {
  return {
    id,
    name: id,
    family: null,
    parameters: null,
    quantisation: null,
    memoryBytes: null,
    deviceBytes: null,
    device: null,
    contextTokens: null,
    expiresMs: null,
    state: 'ready',
    isRemote: false,
    pids: [],
    inFlight: null,
    ...told,
  }
}

/** Totals of one model, with all that its server does not count. Figures are made whole numbers; one that cannot be is not known. */
export function outputTotals(model: string | null, told: Partial<OutputTotals> = {}): OutputTotals {
  const whole = Object.entries(told).map(([what, figure]) => [
    what,
    typeof figure === 'number' ? wholeOrNull(figure) : figure,
  ])
  return {
    model,
    promptTokens: null,
    cachedTokens: null,
    outputTokens: null,
    requests: null,
    failedRequests: null,
    images: null,
    audioMs: null,
    busyMs: null,
    provenance: 'exact',
    ...Object.fromEntries(whole),
  }
}

function wholeOrNull(figure: number): number | null {
  const whole = Math.round(figure)
  return whole >= 0 && Number.isSafeInteger(whole) ? whole : null
}

/** `8.2B`, `596M`, `1.5 b`: a number of parameters. */
export function parametersOf(text: string | null | undefined): number | null {
  const [, figure, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMBT])?\s*$/i.exec(text ?? '') ?? []
  if (figure === undefined) return null
  const factor = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 }[(unit ?? '').toUpperCase()] ?? 1
  const parameters = Math.round(Number(figure) * factor)
  return parameters > 0 && Number.isSafeInteger(parameters) ? parameters : null
}

/** The quantisation that a file's or model's name carries (`…-Q4_K_M.gguf`, `…-8bit`, `…-AWQ`), where its server has no field for it. */
export function quantisationInName(name: string): string | null {
  const base = name.replace(/\.(gguf|safetensors|bin)$/i, '')
  const found =
    /(?:^|[-_.:@/])((?:UD-)?I?Q\d(?:_[A-Z0-9]+)*|(?:BF|F|FP)(?:16|32|8|4)|MXFP4|NVFP4|INT[48]|\d(?:\.\d+)?bpw|\d{1,2}-?bit|AWQ|GPTQ|EXL[23])(?=$|[-_.:@/])/i.exec(
      base,
    )
  return found?.[1] === undefined ? null : spelled(found[1])
}

function spelled(quantisation: string): string {
  return /bit$|bpw$/i.test(quantisation) ? quantisation.toLowerCase().replace('-', '') : quantisation.toUpperCase()
}

/** The name of a file of weights as a person knows it: without folders, `.gguf`, and the number of a part. */
export function fileTitle(path: string): string {
  const base = path.split(/[\\/]/).at(-1) ?? path
  return base.replace(/\.(gguf|safetensors|bin)$/i, '').replace(/-\d{5}-of-\d{5}$/, '') || path
}
