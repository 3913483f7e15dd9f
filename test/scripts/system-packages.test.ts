import { expect, test } from 'vitest'
import { ELECTRON_LIBRARIES, packageNames } from '../../scripts/lib/system-packages.mjs'

const DEBIAN_12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
const UBUNTU_24 = 'NAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\n'
const MINT = 'ID=linuxmint\nVERSION_ID="21.3"\n'

const libraries = ELECTRON_LIBRARIES.filter(({ library }) =>
  ['libgtk-3.so.0', 'libasound.so.2', 'libnss3.so'].includes(library),
)
const policyOf = (name: string, candidate: string) =>
  `${name}:\n  Installed: (none)\n  Candidate: ${candidate}\n  Version table:\n`

test('a library is brought by the package that apt can install, whichever of its two names that is', () => {
  const old = policyOf('libgtk-3-0', '3.24.38-2') + policyOf('libnss3', '2:3.87') + policyOf('libasound2', '1.2.8-1')
  expect(packageNames(libraries, old, DEBIAN_12)).toEqual(['libgtk-3-0', 'libnss3', 'libasound2'])
})

test('a name that apt knows only as virtual, without a candidate, is not chosen', () => {
  const policy =
    policyOf('libgtk-3-0t64', '3.24.41') +
    policyOf('libgtk-3-0', '(none)') +
    policyOf('libnss3', '2:3.98') +
    policyOf('libasound2', '(none)') +
    policyOf('libasound2t64', '1.2.11')
  expect(packageNames(libraries, policy, UBUNTU_24)).toEqual(['libgtk-3-0t64', 'libnss3', 'libasound2t64'])
})

test('where apt has no lists yet, the age of the distribution decides between the names', () => {
  expect(packageNames(libraries, '', UBUNTU_24)).toEqual(['libgtk-3-0t64', 'libnss3', 'libasound2t64'])
  expect(packageNames(libraries, '', DEBIAN_12)).toEqual(['libgtk-3-0', 'libnss3', 'libasound2'])
  expect(packageNames(libraries, '', DEBIAN_12.replaceAll('12', '13'))[0]).toBe('libgtk-3-0t64')
  expect(packageNames(libraries, '', MINT)[0]).toBe('libgtk-3-0')
})
