/** Draws assets/icons/*.png from assets/icon.svg; run by hand after the drawing changed (needs librsvg2-bin). */
import { join } from 'node:path'
import { projectDir } from './lib/paths.mjs'
import { run } from './lib/run.mjs'
import { runMain, Stop } from './lib/say.mjs'

const SIZES = [16, 32, 48, 64, 128, 256, 512]

await runMain(async () => {
  const assets = join(projectDir, 'assets')
  for (const size of SIZES) {
    const file = join(assets, 'icons', `${size}x${size}.png`)
    const args = ['--width', `${size}`, '--height', `${size}`, '--output', file, join(assets, 'icon.svg')]
    const { code, output } = await run('rsvg-convert', args)
    if (code !== 0) throw new Stop(`${output.trim()}\nrsvg-convert failed; it is in the package librsvg2-bin.`)
  }
  return 0
})
