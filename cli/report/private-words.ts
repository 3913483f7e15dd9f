import { homedir, hostname, userInfo } from 'node:os'
import type { HostFiles } from '../../engine/host/host.ts'
import type { PrivateWord } from './redact.ts'

/** Accounts of people: useradd(8), UID_MIN and UID_MAX of login.defs(5). */
const FIRST_PERSON = 1_000
const LAST_PERSON = 60_000

/** Names that every machine has tell nothing. */
const EVERYBODYS = new Set(['root', 'nobody', 'localhost', 'localhost.localdomain'])

/** A serial such as "0" or "123" is none, and replacing it would eat figures. */
const LEAST_SERIAL = 4

const DMI = '/sys/class/dmi/id'
const DMI_SERIALS = ['product_serial', 'board_serial', 'chassis_serial', 'product_uuid', 'board_asset_tag'] as const

/** What this machine, its people and its parts are called: words that a report must not hold. */
export function privateWords(files: HostFiles): PrivateWord[] {
  const words = [...hosts(files), ...people(files), ...serials(files)]
  return words.filter(({ text }) => text !== '' && text !== '/' && !EVERYBODYS.has(text))
}

function hosts(files: HostFiles): PrivateWord[] {
  const names = [hostname(), textOf(files, '/proc/sys/kernel/hostname'), textOf(files, '/etc/hostname')]
  return names.flatMap((name) => [name, name.split('.', 1)[0] ?? '']).map((text) => ({ kind: 'host', text }))
}

function people(files: HostFiles): PrivateWord[] {
  const own = ownAccount()
  const words: PrivateWord[] = [
    { kind: 'home', text: own.home },
    { kind: 'user', text: own.name },
    { kind: 'user', text: process.env.SUDO_USER ?? '' },
  ]
  for (const line of textOf(files, '/etc/passwd').split('\n')) {
    const [account = '', , uid = '', , comment = '', home = ''] = line.split(':')
    if (!/^\d+$/.test(uid) || Number(uid) < FIRST_PERSON || Number(uid) > LAST_PERSON) continue
    const fullName = comment.split(',', 1)[0] ?? ''
    words.push({ kind: 'user', text: account }, { kind: 'user', text: fullName }, { kind: 'home', text: home })
  }
  return words
}

/** An account that no file names (a container's number) has a home directory all the same. */
function ownAccount(): { name: string; home: string } {
  try {
    return { name: userInfo().username, home: homedir() }
  } catch {
    return { name: '', home: homedir() }
  }
}

function serials(files: HostFiles): PrivateWord[] {
  const machineId = [textOf(files, '/etc/machine-id')]
  const board = DMI_SERIALS.map((name) => textOf(files, `${DMI}/${name}`))
  const batteries = listed(files, '/sys/class/power_supply').map((dir) => textOf(files, `${dir}/serial_number`))
  const disks = listed(files, '/sys/class/hwmon').map((dir) => textOf(files, `${dir}/device/serial`))
  return [...machineId, ...board, ...batteries, ...disks]
    .filter((text) => text.length >= LEAST_SERIAL)
    .map((text) => ({ kind: 'serial', text }))
}

function listed(files: HostFiles, directory: string): string[] {
  const names = files.list(directory)
  return names.ok ? names.value.map((name) => `${directory}/${name}`) : []
}

function textOf(files: HostFiles, path: string): string {
  const text = files.text(path)
  return text.ok ? text.value.trim() : ''
}
