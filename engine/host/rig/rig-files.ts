import { ok, type Result } from '../../../contract/result.ts'
import { fileProblem } from '../file-problem.ts'
import type { FileFault, HostFiles, KeptFile } from '../host.ts'
import { type Branch, FAULTS, type FileText } from './branch.ts'

/** Branches as the files of a host. `wrap` may put faults in front of a file; `catchUp` brings the machine to the present and tells when that is. */
export function branchFiles(
  branches: readonly Branch[],
  wrap: (path: string, read: () => FileText) => () => FileText,
  catchUp: () => number,
): HostFiles {
  function reader(path: string): () => FileText {
    catchUp()
    for (const branch of branches) {
      const read = branch.file(path)
      if (read !== null) return wrap(path, read)
    }
    return wrap(path, () => FAULTS.absent)
  }

  function text(path: string): Result<string, FileFault> {
    return asResult(path, reader(path)())
  }

  function list(path: string): Result<string[], FileFault> {
    const faulty = wrap(path, () => '')()
    if (typeof faulty !== 'string') return fileProblem(path, faulty.fault)
    catchUp()
    const names = new Set<string>()
    let isThere = false
    for (const branch of branches) {
      const found = branch.names(path)
      if (found === null) continue
      if ('fault' in found) return fileProblem(path, found.fault)
      isThere = true
      for (const name of found) names.add(name)
    }
    return isThere ? ok([...names]) : fileProblem(path, 'absent')
  }

  function link(path: string): Result<string, FileFault> {
    catchUp()
    const target = branches.map((branch) => branch.link(path)).find((found) => found !== null)
    return asResult(path, wrap(path, () => target ?? FAULTS.absent)())
  }

  function owner(path: string): Result<{ uid: number }, FileFault> {
    catchUp()
    const uid = branches.map((branch) => branch.ownerUid(path)).find((found) => found !== null) ?? FAULTS.absent
    return typeof uid === 'number' ? ok({ uid }) : fileProblem(path, uid.fault)
  }

  function open(path: string): Result<KeptFile, FileFault> {
    const read = reader(path)
    const first = read()
    if (typeof first !== 'string') return fileProblem(path, first.fault)
    return ok(keptFile(read, catchUp, first))
  }

  return { text, later: (path, take) => take(text(path)), list, link, owner, open }
}

function asResult(path: string, text: FileText): Result<string, FileFault> {
  return typeof text === 'string' ? ok(text) : fileProblem(path, text.fault)
}

/** Rendered once for each moment, however often it is read in it. */
function keptFile(read: () => FileText, catchUp: () => number, first: FileText): KeptFile {
  let fault: FileFault | null = null
  let text = first
  let renderedMs = catchUp()
  return {
    get fault() {
      return fault
    },
    read(buffer) {
      const nowMs = catchUp()
      if (nowMs !== renderedMs) text = read()
      renderedMs = nowMs
      if (typeof text !== 'string') {
        fault = text.fault
        return -1
      }
      const length = Math.min(text.length, buffer.length)
      for (let index = 0; index < length; index++) buffer[index] = text.charCodeAt(index)
      return length
    },
    close() {},
  }
}
