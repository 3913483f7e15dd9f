import { defineConfig } from 'vite'

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
      },
      output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'engine/shared/[name]-[hash].mjs' },
    },
  },
  ssr: {
    noExternal: true,
    // Native modules find their binaries beside themselves; systeminformation loads its parts by name.
    external: ['better-sqlite3', 'koffi', 'systeminformation'],
  },
})
