import { expect, test } from 'vitest'
import { ok, problem } from '../../../contract/result.ts'
import type { CommandOutput, Host } from '../../../engine/host/host.ts'
import { containerImages } from '../../../engine/processes/images.ts'

type Answer = Partial<CommandOutput> | 'absent'

/** A machine with container engines that answer when told to. */
function engines(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = []
  let running = 0
  let most = 0
  const host: Pick<Host, 'command'> = {
    async command(argv) {
      asked.push(argv.join(' '))
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
      const answer = answers[`${argv[0]} ${argv.at(-1)}`] ?? 'absent'
      return answer === 'absent'
        ? problem('absent', 'not installed')
        : ok({ exitCode: 0, stdout: '', stderr: '', ...answer })
    },
  }
  let known = 0
  const learnt = Promise.withResolvers<void>()
  const imageOf = containerImages(host, () => {
    known++
    learnt.resolve()
  })
  return { asked, imageOf, learnt: learnt.promise, told: () => known, atOnce: () => most }
}

test('a container’s image is asked once of its engine, and known when it has answered', async () => {
  const { asked, imageOf, learnt } = engines({ 'docker abc': { stdout: 'ollama/ollama:0.12\n' } })
  expect([imageOf('abc'), imageOf('abc')]).toEqual([null, null])
  await learnt
  expect(imageOf('abc')).toBe('ollama/ollama:0.12')
  expect(asked).toEqual(['docker inspect --format {{.Config.Image}} abc'])
})

test('several containers are asked for one after another, and told of once', async () => {
  const { imageOf, learnt, told, atOnce } = engines({
    'podman a': { stdout: 'docker.io/vllm/vllm-openai@sha256:12ab' },
    'docker b': { stdout: 'comfy' },
  })
  imageOf('a')
  imageOf('b')
  await learnt
  expect([imageOf('a'), imageOf('b'), told(), atOnce()]).toEqual([
    'docker.io/vllm/vllm-openai@sha256:12ab',
    'comfy',
    1,
    1,
  ])
})

test('an engine that refuses, is missing or says nonsense leaves the image unknown, and is not asked again', async () => {
  const { asked, imageOf, learnt } = engines({
    'docker x': { exitCode: 1, stdout: 'permission denied' },
    'docker y': { stdout: '\n' },
    'podman y': { stdout: 'two words' },
    'docker z': { stdout: 'last' },
  })
  for (const id of ['x', 'y', 'z']) imageOf(id)
  await learnt
  expect(['x', 'y', 'z'].map((id) => imageOf(id))).toEqual([null, null, 'last'])
  expect(asked).toHaveLength(5)
})
