import { expect, test } from 'vitest'
import { invokeai } from '../../../engine/connectors/invokeai.ts'
import { fixture, type Route } from '../../support/server-double.ts'
import { opened, reported } from './ask.ts'

const status = (changes: Record<string, number | null>) =>
  JSON.stringify({
    queue: { item_id: 41, pending: 0, in_progress: 0, completed: 37, failed: 1, canceled: 0, total: 41, ...changes },
    processor: { is_started: true, is_processing: false },
  })

const routes = (): Record<string, Route> => ({
  'GET /api/v1/app/version': fixture('invokeai/version.json'),
  'GET /api/v1/queue/default/status': fixture('invokeai/queue-status.json'),
  'GET /api/v2/models/stats': fixture('invokeai/models-stats.json'),
  'GET /api/v1/queue/default/current': fixture('invokeai/queue-current.json'),
})

test('InvokeAI counts what its queue finished since the first look, and a pruned queue takes nothing away', async () => {
  const answers = routes()
  const open = await opened(invokeai, answers)
  expect(await reported(open)).toMatchObject({ version: '6.9.0', inFlight: 1, waiting: 2, totals: [{ images: 0 }] })
  const looks = [{ completed: 40 }, { completed: 0, failed: 0 }, { completed: 2, failed: 1 }]
  for (const look of looks) {
    answers['GET /api/v1/queue/default/status'] = status(look)
    await reported(open)
  }
  expect((await reported(open)).totals).toMatchObject([
    { model: null, images: 5, requests: 6, failedRequests: 1, provenance: 'estimate' },
  ])
})

test('InvokeAI holds the main model of the newest item, while its cache holds any', async () => {
  const answers = routes()
  const open = await opened(invokeai, answers)
  expect((await reported(open)).models).toMatchObject([{ id: 'Juggernaut XL v9', inFlight: 1 }])
  answers['GET /api/v1/queue/default/status'] = status({ item_id: null })
  expect((await reported(open)).models).toMatchObject([{ id: 'Juggernaut XL v9', inFlight: 0 }])
  answers['GET /api/v2/models/stats'] = '{"in_cache":0}'
  expect((await reported(open)).models).toEqual([])
})

test('InvokeAI shows no prompt', async () => {
  const open = await opened(invokeai, routes())
  expect(JSON.stringify([await open.poll(), await open.poll()])).not.toContain('CANARY-PROMPT')
})
