import { describe, expect, test } from 'vitest'
import { comfyui } from '../../../engine/connectors/comfyui.ts'
import { OutputRises } from '../../../engine/servers/output-rises.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened, reported } from './ask.ts'

const CANARY = 'CANARY-PROMPT'
const MODEL = 'sd_xl_base_1.0.safetensors'
const FLUX = 'flux1-dev-Q8_0.gguf'

/** One finished job as /history has it, prompts included. */
function entry(id: string, images: readonly { filename: string; type: string }[], loader: Record<string, unknown>) {
  const graph = {
    '4': { class_type: 'CheckpointLoaderSimple', inputs: loader },
    '6': { class_type: 'CLIPTextEncode', inputs: { text: CANARY, clip: ['4', 1] } },
  }
  return {
    [id]: {
      prompt: [1, id, graph, { client_id: 'c1' }, ['9']],
      outputs: { '9': { images } },
      status: { status_str: 'success', completed: true, messages: [] },
    },
  }
}
const image = (type: 'output' | 'temp', filename = 'ComfyUI_00001_.png') => ({ filename, type })

const base = (): Record<string, Route> => ({
  'GET /system_stats': fixture('comfyui/system_stats.json'),
  'GET /prompt': '{"exec_info":{"queue_remaining":0}}',
})

/** A server that has `/api/jobs`, with these finished jobs, newest first. */
function jobs(...finished: readonly { id: string; outputs: number; history?: object }[]): Record<string, Route> {
  const list = finished.map(({ id, outputs }) => ({ id, status: 'completed', outputs_count: outputs, create_time: 1 }))
  const details = finished.flatMap(({ id, history }) =>
    history === undefined ? [] : [[`GET /history/${id}`, JSON.stringify(history)] as const],
  )
  return { ...base(), 'GET /api/jobs': JSON.stringify({ jobs: list }), ...Object.fromEntries(details) }
}
const a = { id: 'a', outputs: 1, history: entry('a', [image('output')], { ckpt_name: MODEL }) }
const b = {
  id: 'b',
  outputs: 3,
  history: entry('b', [image('output'), image('output'), image('temp')], { ckpt_name: MODEL }),
}
const c = { id: 'c', outputs: 2, history: entry('c', [image('output')], { unet_name: FLUX }) }

describe('images of ComfyUI', () => {
  test('are those of jobs that end after the first look, previews left out, by the model that each loaded', async () => {
    const routes = jobs(a)
    const open = await opened(comfyui, routes)
    expect((await reported(open)).totals).toEqual([])
    Object.assign(routes, jobs(c, b, a))
    expect((await reported(open)).totals).toMatchObject([
      { model: 'sd_xl_base_1.0', images: 2, requests: 1, provenance: 'exact' },
      { model: 'flux1-dev-Q8_0', images: 1, requests: 1, provenance: 'exact' },
    ])
    expect((await reported(open)).totals).toMatchObject([{ images: 2 }, { images: 1 }])
  })

  test('are counted once where the history was cleared and came back', async () => {
    const routes = jobs()
    const open = await opened(comfyui, routes)
    await reported(open)
    const rises = new OutputRises()
    for (const finished of [[a], [], [a], [b, a]]) {
      Object.assign(routes, jobs(...finished))
      rises.take(await reported(open))
    }
    expect((await reported(open)).totals).toMatchObject([{ images: 3, requests: 2 }])
  })

  test('of a job that can no longer be read are its outputs, marked as an estimate', async () => {
    const routes = jobs()
    const open = await opened(comfyui, routes)
    await reported(open)
    Object.assign(routes, jobs({ id: 'd', outputs: 3 }))
    expect((await reported(open)).totals).toMatchObject([{ model: null, images: 3, provenance: 'estimate' }])
  })

  test('are no videos', async () => {
    const routes = jobs()
    const open = await opened(comfyui, routes)
    await reported(open)
    const history = entry('v', [image('output', 'clip_00001_.mp4')], { unet_name: 'wan2.2.safetensors' })
    Object.assign(routes, jobs({ id: 'v', outputs: 1, history }))
    expect((await reported(open)).totals).toMatchObject([{ images: 0, requests: 1 }])
  })

  test('are counted by older versions from the whole history', async () => {
    const routes: Record<string, Route> = { ...base(), 'GET /history': '{}' }
    const open = await opened(comfyui, routes)
    await reported(open)
    routes['GET /history'] = fixture('comfyui/history.json')
    const report = await reported(open)
    expect(report.totals).toMatchObject([{ model: null, images: 2, requests: 1 }])
    expect(report).toMatchObject({ counts: 'server', limits: null })
  })

  test('are not counted where the history is more than can be read, which is said', async () => {
    const open = await opened(comfyui, { ...base(), 'GET /history': '<html></html>' })
    expect(await reported(open)).toMatchObject({ counts: 'off', totals: [], limits: { code: 'oldVersion' } })
  })
})

describe('what ComfyUI works on', () => {
  test('is one job at a time, the others wait', async () => {
    const routes = { ...jobs(), 'GET /prompt': fixture('comfyui/prompt.json') }
    expect(await reported(await opened(comfyui, routes))).toMatchObject({ version: '0.9.2', inFlight: 1, waiting: 1 })
  })

  test('is with the model of the newest job, and the memory that torch uses', async () => {
    const report = await reported(await opened(comfyui, jobs(c, a)))
    expect(report.models).toMatchObject([
      {
        id: FLUX,
        name: 'flux1-dev-Q8_0',
        quantisation: 'Q8_0',
        device: 'gpu',
        deviceBytes: 11_618_222_080,
        inFlight: 0,
      },
    ])
  })

  test('is without a model once torch has given its memory back', async () => {
    const freed = fixture('comfyui/system_stats.json').replace(
      '"torch_vram_free": 92274688',
      '"torch_vram_free": 11710496768',
    )
    const open = await opened(comfyui, { ...jobs(a), 'GET /system_stats': freed })
    expect((await reported(open)).models).toEqual([])
  })

  test('never shows a prompt, whichever way it was read', async () => {
    for (const routes of [jobs(a, b, c), { ...base(), 'GET /history': fixture('comfyui/history.json') }]) {
      const open = await opened(comfyui, { ...routes, 'GET /queue': fixture('comfyui/queue.json') })
      const reports = [await open.poll(), await open.poll()]
      expect(JSON.stringify(reports)).not.toContain(CANARY)
    }
  })
})
