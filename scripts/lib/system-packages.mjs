import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'
import { Stop, say } from './say.mjs'

/**
 * What Electron's binary links against or opens at run time. Debian 13 and Ubuntu 24.04 renamed some packages when time_t
 * grew to 64 bits, so a library may have two names; the first one that apt knows is meant.
 * @type {readonly { library: string, packages: readonly string[] }[]}
 */
export const ELECTRON_LIBRARIES = [
  { library: 'libgtk-3.so.0', packages: ['libgtk-3-0t64', 'libgtk-3-0'] },
  { library: 'libnss3.so', packages: ['libnss3'] },
  { library: 'libasound.so.2', packages: ['libasound2t64', 'libasound2'] },
  { library: 'libgbm.so.1', packages: ['libgbm1'] },
  { library: 'libXss.so.1', packages: ['libxss1'] },
  { library: 'libXtst.so.6', packages: ['libxtst6'] },
  { library: 'libatk-bridge-2.0.so.0', packages: ['libatk-bridge2.0-0t64', 'libatk-bridge2.0-0'] },
  { library: 'libdrm.so.2', packages: ['libdrm2'] },
  { library: 'libnotify.so.4', packages: ['libnotify4'] },
]

/** The desktop that the end-to-end tests start for themselves: X server, session bus, window manager, panel with a tray. */
export const DESKTOP_PACKAGES = [
  ...['xvfb', 'xauth', 'xdotool', 'x11-utils', 'dbus', 'dbus-x11', 'xfwm4', 'xfce4-panel', 'xfce4-notifyd'],
  ...['libxfce4ui-utils', 'xfconf', 'adwaita-icon-theme', 'hicolor-icon-theme', 'fonts-inter', 'fonts-dejavu-core'],
  'imagemagick',
]

const LIBRARY_FOLDERS = ['/usr/lib', '/lib', '/usr/lib64', '/lib64', '/usr/local/lib']
/** @type {Readonly<Record<string, string>>} Debian's multiarch folder of each architecture that Electron is built for */
const MULTIARCH = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu', arm: 'arm-linux-gnueabihf' }

/** @param {{ tests: boolean }} options whether the test desktop is needed too */
export async function ensureSystemPackages({ tests }) {
  if (process.platform !== 'linux') return
  const libraries = await missingLibraries()
  const tools = tests && existsSync('/usr/bin/dpkg-query') ? await missingPackages(DESKTOP_PACKAGES) : []
  if (libraries.length + tools.length === 0) return
  if (!existsSync('/usr/bin/apt-get')) throw new Stop(withoutApt(libraries.map(({ library }) => library)), 4)
  await installWithApt(libraries, tools)
}

/** @returns {Promise<readonly (typeof ELECTRON_LIBRARIES)[number][]>} */
async function missingLibraries() {
  const folders = [...LIBRARY_FOLDERS, ...LIBRARY_FOLDERS.map((folder) => join(folder, MULTIARCH[process.arch] ?? '.'))]
  const unseen = ELECTRON_LIBRARIES.filter(
    ({ library }) => !folders.some((folder) => existsSync(join(folder, library))),
  )
  if (unseen.length === 0) return []
  // Not in the usual folders; the loader's cache knows the unusual ones, but asking it means starting a process.
  const known = await run('/sbin/ldconfig', ['-p'])
  return unseen.filter(({ library }) => !known.output.includes(`${library} `))
}

/** @param {readonly string[]} names */
async function missingPackages(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format language
  const { output } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...names])
  const installed = new Set(
    output.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ', 1)[0]] : [])),
  )
  return names.filter((name) => !installed.has(name))
}

/**
 * @param {readonly (typeof ELECTRON_LIBRARIES)[number][]} libraries
 * @param {readonly string[]} tools
 */
async function installWithApt(libraries, tools) {
  const isRoot = process.getuid?.() === 0
  if (isRoot) await run('apt-get', ['update', '-qq'])
  const { output } = await run('apt-cache', ['policy', ...libraries.flatMap(({ packages }) => packages)])
  const wanted = [...packageNames(libraries, output, readFileSync('/etc/os-release', 'utf8')), ...tools]
  if (!isRoot) {
    const what = tools.length === 0 ? 'Perwatt needs system libraries' : 'The tests need system packages'
    throw new Stop(
      `${what} that are not installed. Install them, then run the same command again:\n\n` +
        `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${wanted.join(' ')}\n`,
      4,
    )
  }
  say(`Installing system packages with apt-get: ${wanted.join(' ')} …`)
  const args = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...wanted]
  const { code, output: log } = await run('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (code !== 0) throw new Stop(`${log.trim()}\napt-get failed, see above.`)
}

/**
 * The package that brings each library here. Where apt's lists are empty, the distribution's age decides.
 * @param {readonly { packages: readonly string[] }[]} libraries
 * @param {string} aptPolicy what `apt-cache policy` printed for all of `packages`
 * @param {string} osRelease text of /etc/os-release
 */
export function packageNames(libraries, aptPolicy, osRelease) {
  const known = new Set(
    [...aptPolicy.matchAll(/^(\S+):\n(?: .*\n)*? {2}Candidate: (.+)$/gm)].flatMap(([, name, version]) =>
      version === '(none)' ? [] : [name],
    ),
  )
  const newNames = hasNewNames(osRelease)
  return libraries.flatMap(({ packages }) => {
    const name = packages.find((each) => known.has(each)) ?? packages.at(newNames ? 0 : -1)
    return name === undefined ? [] : [name]
  })
}

/** @param {string} osRelease */
function hasNewNames(osRelease) {
  const id = /^ID=["']?(\w+)/m.exec(osRelease)?.[1]
  const version = Number(/^VERSION_ID=["']?([\d.]+)/m.exec(osRelease)?.[1])
  return (id === 'ubuntu' && version >= 24.04) || (id === 'debian' && version >= 13)
}

/** @param {readonly string[]} libraries */
function withoutApt(libraries) {
  return (
    `Perwatt needs these system libraries, which were not found: ${libraries.join(', ')}.\n` +
    'Install them with your package manager (most come with its GTK 3, NSS, ALSA and Mesa packages), then try again.'
  )
}
