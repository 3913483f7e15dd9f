import { ok, type Result } from '../../contract/result.ts'
import { fileProblem } from './file-problem.ts'
import type { FileFault, Host, HostFiles, KeptFile, VendorSession } from './host.ts'

/** Hears what is read of a machine, and what came of it. */
export interface Ear {
  /** `false`: nothing of this file is wanted, so that its descriptors need not be heard. */
  wants(path: string): boolean
  /** Somebody asked for it, and has the answer later. */
  asked(path: string): void
  read(path: string, text: Result<string, FileFault>): void
  opened(path: string, fault: FileFault | null): void
  listed(path: string, names: Result<string[], FileFault>): void
  followed(path: string, target: Result<string, FileFault>): void
  session(driver: string, session: VendorSession): VendorSession
}

/** A host that reads as before, with somebody listening. */
export function listeningHost(host: Host, ear: Ear): Host {
  const { files } = host
  const listening: HostFiles = {
    text(path) {
      const text = files.text(path)
      ear.read(path, text)
      return text
    },
    later(path, take) {
      ear.asked(path)
      files.later(path, (text) => {
        ear.read(path, text)
        take(text)
      })
    },
    list(path) {
      const names = files.list(path)
      ear.listed(path, names)
      return names
    },
    link(path) {
      const target = files.link(path)
      ear.followed(path, target)
      return target
    },
    owner: (path) => files.owner(path),
    open(path) {
      const opened = files.open(path)
      if (!ear.wants(path)) return opened
      ear.opened(path, opened.ok ? null : opened.code)
      return opened.ok ? ok(listeningFile(path, opened.value, ear)) : opened
    },
  }
  return {
    platform: host.platform,
    clock: host.clock,
    files: listening,
    pageBytes: host.pageBytes,
    ticksPerS: host.ticksPerS,
    selfPid: host.selfPid,
    facts: () => host.facts(),
    ...(host.appHint === undefined ? {} : { appHint: (pid) => host.appHint?.(pid) ?? null }),
    userName: (uid) => host.userName(uid),
    command: (argv, options) => host.command(argv, options),
    library: (name, prototypes) => host.library(name, prototypes),
    vendor: (driver) => ear.session(driver, host.vendor(driver)),
    http: (url, options) => host.http(url, options),
    contact: (address, options) => host.contact(address, options),
    traffic: () => host.traffic(),
    signal: (target, name) => host.signal(target, name),
  }
}

function listeningFile(path: string, file: KeptFile, ear: Ear): KeptFile {
  return {
    read(buffer) {
      const length = file.read(buffer)
      if (length < 0) ear.read(path, fileProblem(path, file.fault ?? 'broken'))
      else ear.read(path, ok(Buffer.from(buffer.buffer, buffer.byteOffset, length).toString('latin1')))
      return length
    },
    get fault() {
      return file.fault
    },
    close: () => file.close(),
  }
}
