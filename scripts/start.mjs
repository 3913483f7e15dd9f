/** `npm start`: sets up what is missing, then opens the tray app. Arguments after `--` go to the app. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { projectDir } from './lib/paths.mjs'
import { runInOurPlace } from './lib/run.mjs'
import { launchCommand } from './lib/runtime.mjs'
import { runMain, Stop, say } from './lib/say.mjs'
import { setUpApp } from './setup.mjs'

await runMain(async () => {
  refuseWithoutDisplay()
  const runtime = await setUpApp()
  const { command, args, env } = launchCommand(runtime, projectDir, process.argv.slice(2))
  if (args.includes('--no-sandbox')) say('Started by root, so Chromium runs without its sandbox (--no-sandbox).')
  else refuseWithoutSandbox(command)
  return runInOurPlace(command, args, env)
})

function refuseWithoutDisplay() {
  if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return
  throw new Stop(
    'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so there is no tray to sit in.\n' +
      'The same meter in the terminal:  npm run perwatt -- top',
  )
}

/**
 * Chromium's sandbox needs unprivileged user namespaces or a setuid helper; without either it dies with a stack trace.
 * @param {string} executable
 */
function refuseWithoutSandbox(executable) {
  if (process.platform !== 'linux') return
  const helper = join(dirname(executable), 'chrome-sandbox')
  const isSetuid = isSetuidRoot(helper)
  const refusedBy = namespaceRefusal(executable)
  if (isSetuid || refusedBy === null) return
  throw new Stop(
    `This kernel lets no ordinary program make user namespaces (${refusedBy}), and Chromium's sandbox is built on them.\n` +
      'Allow it for this one program by making its sandbox helper setuid, then run npm start again:\n\n' +
      `  sudo chown root:root '${helper}' && sudo chmod 4755 '${helper}'\n`,
    4,
  )
}

/** @param {string} file */
function isSetuidRoot(file) {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats !== undefined && stats.uid === 0 && (stats.mode & 0o4001) === 0o4001
}

/**
 * Which switch refuses user namespaces, or null. Ubuntu's AppArmor lets through programs that have a profile.
 * @param {string} executable
 */
function namespaceRefusal(executable) {
  if (kernelSwitch('unprivileged_userns_clone') === '0') return 'kernel.unprivileged_userns_clone = 0'
  if (kernelSwitch('apparmor_restrict_unprivileged_userns') !== '1' || hasAppArmorProfile(executable)) return null
  return 'kernel.apparmor_restrict_unprivileged_userns = 1'
}

/** @param {string} name */
function kernelSwitch(name) {
  return readOrNull(`/proc/sys/kernel/${name}`)?.trim()
}

/** @param {string} executable */
function hasAppArmorProfile(executable) {
  const dir = '/etc/apparmor.d'
  const entries = statSync(dir, { throwIfNoEntry: false }) ? readdirSync(dir, { withFileTypes: true }) : []
  return entries.some((entry) => entry.isFile() && readOrNull(join(dir, entry.name))?.includes(executable))
}

/** @param {string} file */
function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
