import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PrivateWord, redactor } from '../../../cli/report/redact.ts'
import { fcOptions } from '../../support/counts.ts'

const words: readonly PrivateWord[] = [
  { kind: 'host', text: 'ada-laptop' },
  { kind: 'user', text: 'ada' },
  { kind: 'user', text: 'Ada Lovelace' },
  { kind: 'home', text: '/home/ada' },
  { kind: 'serial', text: 'SN.42+7' },
]
const clean = (text: string) => redactor(words).redact(text)

test('a private word becomes a stand-in of its kind, the same one wherever it stands, whatever its case', () => {
  const { redact, replaced } = redactor(words)
  const value = { a: 'ada at ada-laptop', deeper: [{ b: 'ADA, serial SN.42+7' }, 7, null, true] }
  expect(redact(value)).toEqual({
    a: '<user-1> at <host-1>',
    deeper: [{ b: '<user-1>, serial <serial-1>' }, 7, null, true],
  })
  expect(redact('sudo usermod -aG video ada')).toBe('sudo usermod -aG video <user-1>')
  expect(replaced()).toEqual({ user: 1, host: 1, serial: 1 })
})

test('the longest word goes first, and a part of a longer word stays', () => {
  expect(clean('Ada Lovelace, /home/ada/x')).toBe('<user-1>, <home-1>/x')
  expect(clean('Canada, adamant, ada_backup, ada2')).toBe('Canada, adamant, <user-1>_backup, ada2')
})

test.each([
  ['http://192.168.1.20:80/status', 'http://<address-1>/status'],
  ['https://bob:secret@nas.example.org:8443', 'https://<address-1>'],
  ['tcp://nas.local:3493', 'tcp://<address-1>'],
  ['asked 10.0.0.7 and fe80::1c2:3dff', 'asked <address-1> and <address-2>'],
  ['2001:db8:0:1:2:3:4:5', '<address-1>'],
  ['hid-AA:BB:cc:dd:ee:ff-battery', 'hid-<mac-1>-battery'],
  ['GPU-1b2c3d4e-0000-1111-2222-333344445555', 'GPU-<uuid-1>'],
  ['unique 9f3c0a1b2c3d4e5f', 'unique <serial-1>'],
  ['bob@example.org', '<mail-1>'],
  [
    '/home/bob/models, /Users/eve/x, C:\\Users\\mallory\\x',
    '/home/<user-1>/models, /Users/<user-2>/x, C:\\Users\\<user-3>\\x',
  ],
])('%s is known by its form', (text, redacted) => {
  expect(clean(text)).toBe(redacted)
})

test('what a report is made for stays: PCI addresses, domains, versions, figures, times', () => {
  for (const text of [
    'gpu/0000:01:00.0',
    'intel-rapl:0:1',
    'Debian GNU/Linux 12',
    'Linux 6.18.44',
    '300000000 µJ in 1.5 s at 10:34:34',
    'std::move',
    'wall/plug',
  ])
    expect(clean(text)).toBe(text)
})

test('words of the report’s own schemas stay, whatever accounts are called', () => {
  const { redact } = redactor([{ kind: 'user', text: 'measuring' }])
  expect(redact({ state: 'measuring', reason: 'measuring it' })).toEqual({ state: 'measuring', reason: '<user-1> it' })
})

test('whatever the words and the text are, no word is left standing by itself', () => {
  const word = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text.trim() !== '' && !/[<>]/.test(text))
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 5 }),
      fc.array(fc.string(), { maxLength: 5 }),
      (secrets, rest) => {
        const secret = secrets[0] as string
        const { redact } = redactor(secrets.map((text) => ({ kind: 'user', text })))
        const redacted = redact([...rest, `(${secret})`, secret])
        expect(redacted.at(-1)).not.toBe(secret)
        expect(redacted.at(-2)).not.toBe(`(${secret})`)
      },
    ),
    fcOptions('CLI', 300, 10_000),
  )
})
