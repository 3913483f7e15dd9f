import { problem } from '../../contract/result.ts'
import type { FileFault, Host, HostFiles, KeptFile } from './host.ts'
import { noContact } from './no-contact.ts'
import { noVendor } from './no-vendor.ts'

/** The call that fails, counted from 1, and whether all after it fail too. */
export type FaultPlan = { readonly failCall: number; readonly forEver?: boolean; readonly fault?: FileFault }

export interface FaultyHost extends Host {
  /** Calls so far; a run in which fewer than `failCall` were made has been through all of them. */
  readonly calls: number
}

const REASON = 'This call was chosen to fail.'

/**
 * A host whose N-th call fails. Run with N = 1, 2, 3, … until a run ends with fewer calls, everything that can fail has failed once
 * (sqlite.org/testing.html, "anomaly testing"). Clock, facts and names do not count: they cannot fail.
 */
export function faultyHost(host: Host, plan: FaultPlan): FaultyHost {
  const fault = plan.fault ?? 'broken'
  let calls = 0
  const fails = () => {
    calls++
    return calls === plan.failCall || (plan.forEver === true && calls > plan.failCall)
  }
  const failed = () => problem(fault, REASON)
  const { files } = host
  const faultyFiles: HostFiles = {
    text: (path) => (fails() ? failed() : files.text(path)),
    later: (path, take) => (fails() ? take(failed()) : files.later(path, take)),
    list: (path) => (fails() ? failed() : files.list(path)),
    link: (path) => (fails() ? failed() : files.link(path)),
    owner: (path) => (fails() ? failed() : files.owner(path)),
    open(path) {
      if (fails()) return failed()
      const opened = files.open(path)
      return opened.ok ? { ok: true, value: faultyFile(opened.value, fails, fault) } : opened
    },
  }
  return {
    ...host,
    get calls() {
      return calls
    },
    files: faultyFiles,
    command: (argv, options) => (fails() ? Promise.resolve(problem('broken', REASON)) : host.command(argv, options)),
    library: (name, prototypes) => (fails() ? problem('broken', REASON) : host.library(name, prototypes)),
    vendor: (driver) => (fails() ? noVendor(REASON) : host.vendor(driver)),
    http: (url, options) => (fails() ? Promise.resolve(problem('broken', REASON)) : host.http(url, options)),
    contact: (address, options) => (fails() ? noContact(REASON) : host.contact(address, options)),
    signal: (target, name) => (fails() ? problem('gone', REASON) : host.signal(target, name)),
  }
}

function faultyFile(file: KeptFile, fails: () => boolean, fault: FileFault): KeptFile {
  let ownFault: FileFault | null = null
  return {
    get fault() {
      return ownFault ?? file.fault
    },
    read(buffer) {
      ownFault = fails() ? fault : null
      return ownFault === null ? file.read(buffer) : -1
    },
    close: () => file.close(),
  }
}
