import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { programNamed, realParts, tinyModelFile } from './real-parts.ts'

/** The tiny model's server and its clients, each a process of its own that ends with its test. */

export const MODEL = 'tiny:F32'

const Received = z.object({
  promptTokens: z.int(),
  outputTokens: z.int(),
  text: z.string(),
  sent: z.object({ path: z.string(), headers: z.record(z.string(), z.string()), body: z.string() }),
})
/** What a client's package handed it for one question, and what it had sent for that. */
export type Received = z.output<typeof Received>

export type Turn = { readonly prompt: string; readonly mostTokens: number; readonly isStream: boolean }

/** @param program as which it is recognised: `ollama` or `llama-server`. */
export async function modelServer(program: string): Promise<{ readonly pid: number; readonly port: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-tiny-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const args = [join(import.meta.dirname, 'server.ts'), '--packages', realParts(), '--model', tinyModelFile(folder)]
  const child = spawn(programNamed(program, folder), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => ended(child))
  const [line] = await once(child.stdout, 'data')
  const { port } = z.object({ port: z.int() }).parse(JSON.parse(String(line)))
  return { pid: child.pid ?? 0, port }
}

/** Asks its turns one after the other, and resolves when all are answered. */
export async function client(
  kind: 'openai' | 'ollama' | 'ai-sdk',
  { port, key, turns }: { readonly port: number; readonly key: string; readonly turns: readonly Turn[] },
): Promise<readonly Received[]> {
  const options = { kind, key, packages: realParts(), origin: `http://127.0.0.1:${port}`, model: MODEL }
  const args = Object.entries({ ...options, turns: JSON.stringify(turns) }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ])
  const program = join(import.meta.dirname, 'client.ts')
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => ended(child))
  let said = ''
  child.stdout.on('data', (bytes) => {
    said += bytes
  })
  const [exitCode] = await once(child, 'close')
  if (exitCode !== 0) throw new Error(`the client ${kind} ended with ${exitCode}`)
  return said
    .trim()
    .split('\n')
    .map((line) => Received.parse(JSON.parse(line)))
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
