import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectDir = fileURLToPath(new URL('../../', import.meta.url)).replace(/[\\/]$/, '')
export const modulesDir = join(projectDir, 'node_modules')
export const outDir = join(projectDir, 'out')
/** Downloads and remembered answers; deleting it costs a download, never data. */
export const cacheDir = join(projectDir, '.cache')

/** Node 24 from the npm package `node`: the binary itself, so that nothing stands between it and its caller. */
export const node24 = join(modulesDir, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')

/** @param {string} name a package's own start script, by its path in node_modules */
export const moduleFile = (name) => join(modulesDir, ...name.split('/'))
