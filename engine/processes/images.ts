import type { Host } from '../host/host.ts'
import type { ImageOf } from './identity.ts'

/** Programs that know the images of their containers; the command line is the same. */
const ENGINES = ['docker', 'podman'] as const
const IMAGE = /^[\w.-][\w./:@+-]{0,255}$/

/**
 * Images of containers, asked once each of the container engines of this machine, one after another and never on the tick: until an
 * answer is there, nobody knows. `onKnown` is called when all that were asked for have been answered and some are known now.
 * Where the account may not ask (Docker's group), a container's processes are recognised by what they run, like any other's.
 */
export function containerImages(host: Pick<Host, 'command'>, onKnown: () => void): ImageOf {
  const images = new Map<string, string | null>()
  const waiting: string[] = []
  let isAsking = false

  async function askAll(): Promise<void> {
    isAsking = true
    let hasLearnt = false
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const image = await ask(host, id)
      images.set(id, image)
      hasLearnt ||= image !== null
    }
    isAsking = false
    if (hasLearnt) onKnown()
  }

  return (id) => {
    const image = images.get(id)
    if (image !== undefined) return image
    images.set(id, null)
    waiting.push(id)
    if (!isAsking) void askAll()
    return null
  }
}

async function ask(host: Pick<Host, 'command'>, id: string): Promise<string | null> {
  for (const engine of ENGINES) {
    const answer = await host.command([engine, 'inspect', '--format', '{{.Config.Image}}', id])
    const image = answer.ok && answer.value.exitCode === 0 ? answer.value.stdout.trim() : ''
    if (IMAGE.test(image)) return image
  }
  return null
}
