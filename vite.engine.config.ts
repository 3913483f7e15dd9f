import { defineConfig, type Plugin } from 'vite'

/** V8 holds a source of ASCII in one byte a character, and any other in two. */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk') chunk.code = chunk.code.replace(BEYOND_ASCII, escaped)
  },
}
const BEYOND_ASCII = /[\u0080-\uffff]/g
const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Engine and command line: ES modules for Node 22 and newer, unminified so that a stack trace can be read. */
export default defineConfig({
  build: {
    ssr: true,
    target: 'node22',
    outDir: 'out',
    emptyOutDir: false, // the app's bundles lie beside these
    copyPublicDir: false,
    minify: false,
    rolldownOptions: {
      input: {
        'engine/child': 'engine/child.ts',
        'cli/index': 'cli/index.ts',
        // A file of its own, because a worker thread is started by file.
        'engine/query-thread': 'engine/ledger/query-thread.ts',
        // Likewise: a process of its own.
        'engine/vendor': 'engine/vendor/child.ts',
        'engine/meter': 'engine/meter/child.ts',
      },
      output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'engine/shared/[name]-[hash].mjs' },
    },
  },
  plugins: [ascii],
  ssr: {
    noExternal: true,
    // Native modules find their binaries beside themselves; systeminformation loads its parts by name.
    external: ['better-sqlite3', 'koffi', 'systeminformation'],
  },
})
