import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { cacheDir } from '../../scripts/lib/paths.mjs'

const programs = fileURLToPath(new URL('../programs/', import.meta.url))

/** Builds a program of bench/programs as the engine is built: from its sources, Node's type stripper would be measured too. */
export async function bundle(name: string): Promise<string> {
  const outDir = join(cacheDir, 'bench', name)
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      target: 'node22',
      outDir,
      emptyOutDir: true,
      copyPublicDir: false,
      minify: false,
      rolldownOptions: {
        input: join(programs, `${name}.ts`),
        output: { format: 'es', entryFileNames: `${name}.mjs`, codeSplitting: false },
      },
    },
    ssr: { noExternal: true, external: ['better-sqlite3', 'koffi', 'systeminformation'] },
  })
  return join(outDir, `${name}.mjs`)
}
