import fc from 'fast-check'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { Delivered, type ModelRow, ModelRow as ModelRowShape } from '../../../contract/models.ts'
import { serversContract } from '../../../contract/servers.ts'
import { EfficiencyFigure, OutputFigures } from '../../../renderer/parts/efficiency.tsx'
import { LongName } from '../../../renderer/parts/long-name.tsx'
import { daysOf } from '../../../renderer/parts/range.tsx'
import { Trend, trendWords } from '../../../renderer/parts/trend.tsx'
import { whiskerScale } from '../../../renderer/parts/whisker.tsx'
import { activeModels, workText } from '../../../renderer/popover/model-lines.tsx'
import { AppsTable } from '../../../renderer/screens/apps/apps-table.tsx'
import { Rules, runningWords } from '../../../renderer/screens/apps/recognition.tsx'
import { orderOf } from '../../../renderer/screens/apps/servers/add-server.tsx'
import { parsePort, portAbove, portOf } from '../../../renderer/screens/apps/servers/listen-port.ts'
import { MeterState, trafficText } from '../../../renderer/screens/apps/servers/meter-switch.tsx'
import { Counting, Limits } from '../../../renderer/screens/apps/servers/server-card.tsx'
import { expiryText, memoryText } from '../../../renderer/screens/apps/servers/server-models.tsx'
import { whatHappens } from '../../../renderer/screens/apps/servers/unload-dialog.tsx'
import { ServerList, serverNote } from '../../../renderer/screens/apps/servers-block.tsx'
import { Leaderboard } from '../../../renderer/screens/models/leaderboard.tsx'
import { RequestList, statusText } from '../../../renderer/screens/models/request-list.tsx'
import { scatterWords } from '../../../renderer/screens/models/request-scatter.tsx'
import { dotsOf, logRange, logSteps } from '../../../renderer/screens/models/scatter-dots.ts'
import { type Column, firstOrder, sortModels } from '../../../renderer/screens/models/sort.ts'
import { variantsOf } from '../../../renderer/screens/models/variants.ts'
import { efficiencyOf, parametersText } from '../../../renderer/work-words.ts'
import { fcOptions } from '../../support/counts.ts'
import { AT_S, fullNow } from '../fixtures.ts'
import { appsAnswer, modelRow, modelsAnswer, requestsAnswer, server, serversAnswer } from '../work-fixtures.ts'

/** What a reader reads: the text, thin spaces as `_`. */
function text(element: React.ReactElement): string {
  return seen(
    renderToStaticMarkup(element)
      .replace(/<[^>]*>/g, ' ')
      .replace(/ +/g, ' ')
      .trim(),
  )
}

function seen(words: string): string {
  return words.replaceAll('\u202f', '_')
}

const model = (draft: Parameters<typeof modelRow>[0]): ModelRow => ModelRowShape.parse(modelRow(draft))
const nothing = Delivered.parse({
  ...{ promptTokens: null, cachedTokens: null, outputTokens: null, estimatedTokens: 0, requests: null },
  ...{ failedRequests: 0, images: null, audioMs: null },
})

describe('what was delivered', () => {
  test('that nobody counted is “not reported”, never 0', () => {
    expect(text(<OutputFigures of={nothing} shown={1} />)).toBe('not reported')
    expect(text(<OutputFigures of={{ ...nothing, outputTokens: 0 }} shown={1} />)).toBe('0 _tokens')
  })

  test('has its unit always, and a mark where a part of it was estimated', () => {
    expect(text(<OutputFigures of={{ ...nothing, images: 1 }} shown={1} />)).toBe('1 _image')
    expect(text(<OutputFigures of={{ ...nothing, audioMs: 5_400_000 }} shown={1} />)).toBe('90 _min of audio')
    const counted = { ...nothing, outputTokens: 1_243_000, estimatedTokens: 12, requests: 2 }
    expect(text(<OutputFigures of={counted} shown={2} />)).toBe('≈_ 1.24_M _tokens , 2 _requests')
  })

  test('per joule says why there is no figure, and never a number', () => {
    const none = { value: null, uncertainty: null, isEstimate: false, reason: 'energy unknown here' }
    expect(text(<EfficiencyFigure of={none} unit="tok/J" />)).toBe('energy unknown here')
    const some = { value: 1.174, uncertainty: 0.08, isEstimate: false, reason: null }
    expect(text(<EfficiencyFigure of={some} unit="tok/J" />)).toBe('1.17 _tok/J ±_0.09')
  })

  test('of thousands of joules each is told in kilojoules', () => {
    const dear = { value: 2_665, uncertainty: 0.07, isEstimate: true, reason: null }
    expect(text(<EfficiencyFigure of={dear} unit="J/image" />)).toBe('≈_ 2.67 _kJ/image ±_0.2')
  })

  test('of an app is tokens per joule, else joules an image, else the reason; never of what is computed elsewhere', () => {
    const [ollama, comfyui, claude, studio, whisper] = appsAnswer().rows.map((row) => efficiencyOf(row))
    expect(ollama?.unit).toBe('tok/J')
    expect(comfyui).toMatchObject({ unit: 'J/image', of: { value: (231 * 3_600) / 312 } })
    expect(claude).toMatchObject({ of: { value: null, reason: 'computed elsewhere' } })
    expect(studio).toMatchObject({ of: { value: null, reason: 'not reported' } })
    expect(whisper?.unit).toBe('J/min')
  })
})

describe('an app', () => {
  test('that was not measured has a dash, not 0 Wh', () => {
    const [row] = appsAnswer().rows
    if (row === undefined) throw new Error('The fixture has apps.')
    const blind = { ...row, energyMj: 0, uncertainty: null, provenance: null, idleRatio: null }
    const words = text(<AppsTable rows={[blind]} days={1} />)
    expect(words).toContain('not known: nothing was measured')
    expect(words).not.toContain('0 _Wh')
  })

  test('has a trend in which a gap is told from nothing', () => {
    expect(seen(trendWords([null, 0, 7_200_000], 0.125))).toBe('Energy by hour: at most 2.00_Wh, 1 of 3 not measured')
    expect(trendWords([null, null], 2)).toBe('Energy by day: nothing was measured')
    const drawn = renderToStaticMarkup(<Trend trendMj={[null, 0, 5]} days={0.125} heightPx={20} />)
    expect([...drawn.matchAll(/trend-(gap|none|bar)/g)].map(([, kind]) => kind)).toEqual(['gap', 'none', 'bar'])
  })

  test('says what runs of it and which rules take it for that', () => {
    expect(runningWords(null)).toBe('Not running now.')
    expect(runningWords({ processes: 1, cpuCores: 0.9 })).toBe('1 process now, 0.90 cores busy.')
    expect(text(<Rules known={null} />)).toContain('No rule recognises it any more')
  })

  test('of the whole hours so far, a day is a day', () => {
    expect(daysOf({ fromS: AT_S - 86_400, toS: AT_S + 1_800 }, AT_S)).toBe(1)
    expect(daysOf({ fromS: AT_S - 7 * 86_400, toS: AT_S }, AT_S + 60)).toBe(7)
    expect(daysOf({ fromS: AT_S, toS: AT_S }, AT_S)).toBeGreaterThan(0)
  })
})

describe('a server', () => {
  const NOW_MS = AT_S * 1_000

  test('says in its row what it holds, who counts it, and where its energy is', () => {
    expect(serversAnswer().servers.map(serverNote)).toEqual([
      '2 models · metered',
      'no model loaded · metered, no request yet',
      'no model loaded · its counting is off',
      'the meter does not run',
      'no model loaded · energy unknown here · only the meter can count it',
      'counted by the server in front of it',
    ])
    expect(text(<ServerList servers={[]} />)).toContain('None answers.')
  })

  test('that only the meter can count says so', () => {
    expect(text(<Counting server={server({})} />)).toContain('only the meter, below, can count')
    expect(text(<Counting server={server({ counts: 'server' })} />)).toContain('It counts its tokens itself')
    expect(text(<Counting server={server({ behind: 'http://127.0.0.1:1' })} />)).toContain('nothing is counted twice')
    expect(text(<Counting server={server({ connector: null })} />)).toBe('')
  })

  test('shows why it tells nothing with the command that mends it, and that its energy is unknown here', () => {
    const limited = serversAnswer().servers[2]
    if (limited === undefined) throw new Error('The fixture has servers.')
    expect(text(<Limits server={limited} />)).toContain('llama-server --metrics')
    expect(text(<Limits server={server({ energy: 'elsewhere' })} />)).toContain('Energy unknown here')
  })

  test('waits for the first request, then says how many came and when the last', () => {
    const at = (requests: number, lastRequestS: number | null, state: 'listening' | 'starting' = 'listening') =>
      seen(trafficText({ state, requests, lastRequestS }, NOW_MS))
    expect(at(0, null)).toBe('Waiting for the first request …')
    expect(at(12, AT_S - 3)).toBe('12 requests, last 3_s ago')
    expect(at(1, AT_S - 120)).toBe('1 request, last 2_min ago')
    expect(at(0, null, 'starting')).toBe('The meter starts …')
  })

  test('hands over the setting of its client, or the address where the client has none of its own', () => {
    const meter = {
      listen: '127.0.0.1:8081',
      state: 'listening',
      reason: null,
      requests: 0,
      lastRequestS: null,
    } as const
    const of = (clientSetting: string | null) =>
      text(<MeterState meter={{ ...meter, clientSetting }} origin="http://127.0.0.1:8080" nowMs={NOW_MS} />)
    expect(of('OLLAMA_HOST=127.0.0.1:8081')).toContain('OLLAMA_HOST=127.0.0.1:8081')
    expect(of(null)).toContain('http://127.0.0.1:8081')
    const failed = { ...meter, state: 'failed', reason: 'Port 8081 is taken.', clientSetting: null } as const
    expect(text(<MeterState meter={failed} origin="http://127.0.0.1:8080" nowMs={NOW_MS} />)).toBe(
      'The meter does not run: Port 8081 is taken. Clients reach the server at http://127.0.0.1:8080 as before.',
    )
  })

  test('offers the port above its own', () => {
    expect(portAbove('http://127.0.0.1:11434')).toBe('11435')
    expect(portAbove('https://[::1]')).toBe('444')
    expect([portOf('11435'), portOf('127.0.0.1:11435'), portOf('[::1]:9')]).toEqual(['11435', '11435', '9'])
    expect(parsePort(' ')).toEqual({ ok: true, value: null })
    expect(parsePort('11435')).toEqual({ ok: true, value: '11435' })
    for (const typed of ['0', '65536', '-1', '80.5', 'http', '1e3']) expect(parsePort(typed).ok).toBe(false)
  })

  test('that is added is one that the engine takes, whatever is typed', () => {
    expect(orderOf({ address: '192.168.1.30:11434', name: ' ', key: ' sk-1 ' })).toEqual({
      ok: true,
      value: { origin: 'http://192.168.1.30:11434', name: '192.168.1.30:11434', key: 'sk-1' },
    })
    expect(orderOf({ address: 'ftp://nas', name: '', key: '' })).toMatchObject({
      reason: 'Servers are asked by http or https, such as http://192.168.1.30:11434.',
    })
    const typed = fc.record({
      address: fc.oneof(fc.string(), fc.webUrl(), fc.domain()),
      name: fc.string(),
      key: fc.string(),
    })
    fc.assert(
      fc.property(typed, (draft) => {
        const order = orderOf(draft)
        if (order.ok) expect(serversContract.addServer.input.safeParse(order.value).success).toBe(true)
      }),
      fcOptions('SERVERS', 200, 20_000),
    )
  })

  test('tells of a held model its memory, its device and until when it is kept', () => {
    const [held, mixed] = serversAnswer().servers[0]?.models ?? []
    if (held === undefined || mixed === undefined) throw new Error('The fixture holds models.')
    expect(seen(memoryText(held) ?? '')).toBe('6.6_GB, GPU')
    expect(seen(memoryText(mixed) ?? '')).toBe('848_MB, 50_% GPU')
    expect(memoryText({ ...held, memoryBytes: null, deviceBytes: null })).toBeNull()
    expect(seen(expiryText(held, NOW_MS))).toBe('in_4_min')
    expect(expiryText(mixed, NOW_MS)).toBe('unloaded by hand')
    expect(expiryText({ expiresS: AT_S - 1 }, NOW_MS)).toBe('any moment')
    expect(expiryText({ expiresS: null }, NOW_MS)).toBe('not told')
  })

  test('is asked to unload only after it was said what that does', () => {
    const held = serversAnswer().servers[0]?.models[0]
    if (held === undefined) throw new Error('The fixture holds models.')
    expect(whatHappens({ name: 'Ollama' }, held).map(seen)).toEqual([
      'Ollama is asked to let go of it: 6.6_GB of memory becomes free, and what holding it draws ends.',
      'Requests in flight are answered first.',
      'The next request loads it again, which takes time and energy. Nothing is deleted.',
    ])
    expect(whatHappens({ name: 'X' }, { ...held, deviceBytes: null, memoryBytes: null, inFlight: null })[0]).toContain(
      'its memory becomes free',
    )
  })
})

describe('the leaderboard', () => {
  const columns: readonly Column[] = ['name', 'tokensPerJ', 'jPerToken', 'tokensPerS', 'energy', 'idle', 'requests']

  test('puts the most work per joule first, and what has no figure last, either way', () => {
    const { rows } = modelsAnswer()
    const names = (isDescending: boolean) =>
      sortModels(rows, { by: 'tokensPerJ', isDescending }).map(({ tokensPerJ }) => tokensPerJ.value)
    const [down, up] = [names(true), names(false)]
    expect(down.slice(0, 5)).toEqual([...down.slice(0, 5)].sort((a, b) => (b ?? 0) - (a ?? 0)))
    expect(up.slice(0, 5)).toEqual(down.slice(0, 5).reverse())
    for (const order of [down, up]) expect(order.slice(5)).toEqual([null, null, null, null])
    expect(firstOrder('jPerToken').isDescending).toBe(false)
  })

  test('loses no row by sorting', () => {
    const { rows } = modelsAnswer()
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...rows]),
        fc.constantFrom(...columns),
        fc.boolean(),
        (some, by, isDescending) => {
          const sorted = sortModels(some, { by, isDescending })
          expect(new Set(sorted)).toEqual(new Set(some))
          expect(sortModels([...some].reverse(), { by, isDescending })).toEqual(sorted)
        },
      ),
      fcOptions('SCREENS', 100, 5_000),
    )
  })

  test('gives reasons where there is no number', () => {
    const words = text(<Leaderboard rows={modelsAnswer().rows} days={1} />)
    for (const reason of ['computed elsewhere', 'not reported', 'energy unknown here']) expect(words).toContain(reason)
    const unseen = text(<Leaderboard rows={[model({ id: 'x/y', wh: 0, tokens: 4_200 })]} days={1} />)
    expect(unseen).not.toMatch(/\b0 _(Wh|J|tok)/)
  })

  test('leaves the end of a long name to be seen', () => {
    expect(text(<LongName>qwen3:8b</LongName>)).toBe('qwen3:8b')
    expect(text(<LongName>hf.co/some/very-long-name-GGUF:Q5_K_M</LongName>)).toBe(
      'hf.co/some/very-long-na me-GGUF:Q5_K_M',
    )
    expect(seen([parametersText(8.2e9), parametersText(24e9), parametersText(137e6)].join())).toBe('8.2_B,24_B,137_M')
  })

  test('draws whiskers on one scale that one vague figure cannot stretch', () => {
    expect(
      whiskerScale([
        { value: 2, uncertainty: 0.1 },
        { value: null, uncertainty: null },
      ]),
    ).toBeCloseTo(2.2)
    expect(whiskerScale([{ value: 2, uncertainty: 40 }])).toBe(6)
    expect(whiskerScale([])).toBe(0)
  })
})

describe('the same model in several ways', () => {
  const way = (id: string, part: object) =>
    model({ id, family: 'qwen3', parameters: 8.2e9, engine: 'Ollama', device: 'gpu', wh: 100, ...part })
  const verdict = (...rows: ModelRow[]) => variantsOf(rows)[0]?.verdict

  test('stands together by family and size, as servers round it, and apart from what is computed elsewhere', () => {
    const groups = variantsOf(modelsAnswer().rows)
    expect(groups.map(({ title, rows }) => [seen(title), rows.length])).toEqual([
      ['gemma3 4.3_B', 2],
      ['qwen3 8_B', 3],
    ])
    expect(variantsOf([way('a/1', {}), way('a/2', { parameters: 14e9 })])).toEqual([])
    expect(variantsOf([way('a/1', {}), way('b/1', { isRemote: true })])).toEqual([])
    expect(variantsOf([way('a/1', { family: null }), way('a/2', { family: null })])).toEqual([])
  })

  test('with few requests is not comparable yet', () => {
    const many = way('a/q4', { quantisation: 'Q4_K_M', tokens: 500_000, requests: 400 })
    expect(verdict(many, way('a/q8', { quantisation: 'Q8_0', tokens: 100_000, requests: 29 }))).toContain(
      'Not comparable yet, run the lab',
    )
    expect(verdict(many, way('a/q8', { quantisation: 'Q8_0', tokens: 100_000, requests: null }))).toContain(
      'Not comparable yet, run the lab',
    )
  })

  test('differs where intervals part, in what each was used for, and not where they overlap', () => {
    const q4 = way('a/q4', { quantisation: 'Q4_K_M', tokens: 500_000, requests: 400, uncertainty: 0.05 })
    const q8 = (tokens: number, uncertainty = 0.05) =>
      way('a/q8', { quantisation: 'Q8_0', tokens, requests: 60, uncertainty })
    expect(verdict(q4, q8(250_000))).toBe(
      'In what each was used for, Q4_K_M delivered 2.0 times the tokens per joule of Q8_0. For the same prompts, run the lab.',
    )
    expect(verdict(q8(470_000), q4)).toContain('within the noise')
    expect(verdict(q4, q8(250_000, 1.2))).toContain('within the noise')
  })
})

describe('requests', () => {
  const { rows } = requestsAnswer()

  test('have a dot where tokens and joules are known and above nothing; the others are counted', () => {
    const dots = dotsOf(rows)
    expect(dots.requests.length + dots.leftOut).toBe(rows.length)
    expect(dots.leftOut).toBeGreaterThan(0)
    expect([...dots.at]).toEqual([...dots.at].sort((a, b) => a - b))
    dots.requests.forEach((request, index) => {
      expect([dots.measuredJ[index], dots.estimatedJ[index]].filter((joules) => joules !== null)).toEqual([
        (request.energyMj ?? 0) / 1_000,
      ])
    })
    expect(seen(scatterWords(dots))).toBe('224 requests by output and energy: 18 to 1.27_k tokens, 15_J to 0.35_Wh')
  })

  test('lie within their axes, whatever they are', () => {
    const size = fc.double({ min: 1e-3, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [least, most] = [Math.min(a, b), Math.max(a, b)]
        const [from, to] = logRange(least, most)
        expect(from).toBeLessThanOrEqual(least * (1 + 1e-9))
        expect(to).toBeGreaterThanOrEqual(most * (1 - 1e-9))
        expect(from).toBeLessThan(to)
        for (const step of logSteps(from, to)) expect(step).toBeGreaterThanOrEqual(from * (1 - 1e-6))
        expect(logSteps(from, to).length).toBeGreaterThan(0)
        expect(logSteps(from, to).length).toBeLessThanOrEqual(13)
      }),
      fcOptions('SCREENS', 200, 20_000),
    )
  })

  test('are listed with marks for what was not counted by the server, and reasons for what is not known', () => {
    const [first] = rows
    if (first === undefined) throw new Error('The fixture has requests.')
    const list = (part: object) => text(<RequestList rows={[{ ...first, ...part }]} />)
    expect(list({ tokensProvenance: 'estimate' })).toContain('≈_ 18 _tok')
    expect(list({ completionTokens: null, promptTokens: null, tokensProvenance: 'notReported' })).toContain(
      'not reported',
    )
    expect(list({ energyMj: null })).toContain('unknown here')
    expect(list({ energyMj: null, isRemote: true })).toContain('computed elsewhere')
    expect(statusText({ status: 'failed', httpStatus: 503 })).toBe('Failed, 503')
    expect(statusText({ status: 'aborted', httpStatus: 200 })).toBe('Aborted')
  })
})

describe('in the popover', () => {
  const [qwen] = fullNow().models
  if (qwen === undefined) throw new Error('The fixture has a model.')

  test('only models that generate stand under their app, the fastest first', () => {
    const at = (id: string, tokensPerS: number | null) => ({ ...qwen, id, tokensPerS })
    const all = [at('a', 3), at('b', 31), at('c', null), at('d', 0), { ...at('e', 9), app: 'x' as typeof qwen.app }]
    expect(activeModels(all, 'ollama').map(({ id }) => id)).toEqual(['b', 'a'])
  })

  test('a model without joules of its own says why', () => {
    expect(seen(workText({ tokensPerJ: 1.148, isRemote: false }))).toBe('1.15_tok/J')
    expect(workText({ tokensPerJ: null, isRemote: false })).toBe('– tok/J')
    expect(workText({ tokensPerJ: null, isRemote: true })).toBe('elsewhere')
  })
})
