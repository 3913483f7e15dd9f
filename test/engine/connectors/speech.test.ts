import { expect, test } from 'vitest'
import { kokoroFastapi } from '../../../engine/connectors/kokoro-fastapi.ts'
import { speaches } from '../../../engine/connectors/speaches.ts'
import { whisperCpp } from '../../../engine/connectors/whisper-cpp.ts'
import { fixture, routedAsk } from '../../support/server-double.ts'
import { opened, reported } from './ask.ts'

test('whisper.cpp is known by its header alone, and is starting while it loads its model', async () => {
  const health = (server: string) => ({
    'GET /health': { status: 503, headers: { server }, body: fixture('whisper-cpp/health-loading-503.json') },
  })
  expect(await whisperCpp.identify(routedAsk(health('whisper.cpp')))).toMatchObject({ ok: false, code: 'starting' })
  expect(await whisperCpp.identify(routedAsk(health('uvicorn')))).toEqual({ ok: true, value: null })
})

test('Speaches names what it holds', async () => {
  const open = await opened(speaches, {
    'GET /api/ps': fixture('speaches/api-ps.json'),
    'GET /health': fixture('speaches/health.json'),
  })
  expect((await reported(open)).models.map(({ id }) => id)).toEqual([
    'Systran/faster-whisper-small',
    'speaches-ai/Kokoro-82M-v1.0-ONNX',
  ])
})

test('Kokoro is one model under several names', async () => {
  const open = await opened(kokoroFastapi, {
    'GET /v1/models': fixture('kokoro-fastapi/v1-models.json'),
    'GET /health': fixture('kokoro-fastapi/health.json'),
  })
  expect((await reported(open)).models.map(({ id }) => id)).toEqual(['kokoro'])
})
