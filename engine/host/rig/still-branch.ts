import { type Branch, FAULTS, type FileText } from './branch.ts'

/** Files that stay as they are, and the directories that they imply. What no branch knows is not there. */
export function stillBranch(files: ReadonlyMap<string, string>): Branch {
  const namesByDirectory = directoriesOf(files.keys())
  return {
    file(path) {
      const text = files.get(path)
      return text === undefined ? null : () => text
    },
    names(path) {
      const names = namesByDirectory.get(path)
      return names === undefined ? null : [...names]
    },
    link: () => null,
    ownerUid: (path) => (files.has(path) || namesByDirectory.has(path) ? 0 : FAULTS.absent),
  }
}

/** Files of root's whose text is made when they are read, symbolic links, and the directories that both imply. */
export function liveBranch(files: ReadonlyMap<string, () => FileText>, links: ReadonlyMap<string, string>): Branch {
  const namesByDirectory = directoriesOf([...files.keys(), ...links.keys()])
  return {
    file: (path) => files.get(path) ?? null,
    names(path) {
      const names = namesByDirectory.get(path)
      return names === undefined ? null : [...names]
    },
    link: (path) => links.get(path) ?? null,
    ownerUid: (path) => (files.has(path) || namesByDirectory.has(path) ? 0 : null),
  }
}

function directoriesOf(paths: Iterable<string>): Map<string, Set<string>> {
  const namesByDirectory = new Map<string, Set<string>>()
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end) || '/'
      const name = path.slice(end + 1).split('/')[0] ?? ''
      namesByDirectory.set(directory, (namesByDirectory.get(directory) ?? new Set()).add(name))
      if (end === 0) break
    }
  }
  return namesByDirectory
}
