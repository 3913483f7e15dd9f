import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('../c/', import.meta.url))

/** Compiles a program of bench/c into `directory`. @throws where there is no C compiler. */
export function compile(name: 'crowd' | 'sample', directory: string): string {
  const program = join(directory, name)
  const compiler = process.env.CC ?? 'cc'
  const { status, stderr, error } = spawnSync(compiler, ['-O2', '-o', program, join(SOURCES, `${name}.c`)], {
    encoding: 'utf8',
  })
  if (error !== undefined) throw new Error(`needs a C compiler, and ${compiler} cannot be run (${error.message})`)
  if (status !== 0) throw new Error(`${compiler} refused ${name}.c: ${stderr.trim()}`)
  return program
}
