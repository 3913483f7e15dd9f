import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

/**
 * The oldest runtime that these bundles must run on is the fallback Electron 25: Node 18, Chromium 114. CommonJS, because
 * that Electron loads no ES module as its main script, and a sandboxed preload script never does.
 */
export default defineConfig({
  main: {
    build: {
      target: 'node18',
      outDir: 'out/main',
      minify: false,
      externalizeDeps: false,
      rolldownOptions: {
        input: 'main/index.ts',
        output: { format: 'cjs', entryFileNames: 'index.cjs', chunkFileNames: '[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      target: 'node18',
      outDir: 'out/preload',
      minify: false,
      externalizeDeps: false,
      rolldownOptions: { input: 'preload/index.ts', output: { format: 'cjs', entryFileNames: 'index.cjs' } },
    },
  },
  renderer: {
    root: 'renderer',
    base: './', // relative, so that pages load from a file as well as from the app's own protocol
    plugins: [react()],
    build: {
      target: 'chrome114',
      minify: true,
      outDir: 'out/renderer',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: { index: 'renderer/index.html', popover: 'renderer/popover.html' } },
    },
  },
})
