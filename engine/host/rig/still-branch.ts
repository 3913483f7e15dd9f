import { type Branch, FAULTS } from './branch.ts'

/** Files that stay as they are, and the directories that they imply. */
export function stillBranch(files: ReadonlyMap<string, string>): Branch {
  const namesByDirectory = new Map<string, Set<string>>()
  for (const path of files.keys()) {
    for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end) || '/'
      const name = path.slice(end + 1).split('/')[0] ?? ''
      namesByDirectory.set(directory, (namesByDirectory.get(directory) ?? new Set()).add(name))
      if (end === 0) break
    }
  }
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
