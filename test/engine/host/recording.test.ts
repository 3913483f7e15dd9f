import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Host } from '../../../engine/host/host.ts'
import { type RecordedHost, recordedHost } from '../../../engine/host/recorded.ts'
import { record, startRecording } from '../../../engine/host/recorder.ts'
import { editsBetween, withEdits } from '../../../engine/host/recording/edits.ts'
import { rigHost } from '../../../engine/host/rig/rig-host.ts'
import { fcOptions } from '../../support/counts.ts'
import { hostWith, rigWith } from '../../support/rigs.ts'
import { everySource, METER } from './every-source.ts'
import { recordRun } from './recorded-run.ts'

const SECRET = 'sk-MARKER'
const MACHINE = {
  duration: '20m',
  users: { [SECRET]: 1005, other: 1007 },
  meterUid: 0,
  domains: [
    { zone: 'package-0', floorW: 3, wattsPerCore: 6, children: [{ zone: 'dram', floorW: 1, access: 'denied' }] },
  ],
  processes: [
    {
      name: 'runner',
      app: 'ollama',
      pid: 50,
      uid: 1005,
      exe: `/home/${SECRET}/ollama`,
      args: ['--api-key', SECRET],
      env: [`KEY=${SECRET}`],
      load: { wave: { period: '40s', high: 1 } },
    },
    { name: `my ${SECRET}`, pid: 60, uid: 1007, start: '30s', stop: '90s', load: 0.2, container: SECRET },
  ],
  events: [
    { suspend: '5m', at: '60s' },
    { clockStep: '-10s', at: '500s' },
  ],
}
const MOVING = [
  '/proc/stat',
  '/sys/class/powercap/intel-rapl:0/energy_uj',
  '/sys/class/powercap/intel-rapl:0:0/energy_uj',
]

/** A rig recorded for some minutes, and what its files and clocks were at each look. */
async function recordRig(fields: Record<string, unknown>, looks: number) {
  const host = rigHost(rigWith(fields))
  let text = ''
  const seen: unknown[] = []
  const recorder = await startRecording(host, {
    intervalMs: 1_000,
    durationMs: looks * 1_000,
    appOf: (pid) => (pid === 50 ? 'ollama' : null),
    write: (piece) => {
      text += piece
    },
  })
  for (let look = 0; look < looks; look++) {
    if (look > 0) host.clock.advance(1_000)
    recorder.take()
    seen.push(view(host))
  }
  recorder.end()
  return { text, seen }
}

function view(host: Host): unknown {
  const stat = (pid: number) => {
    const text = host.files.text(`/proc/${pid}/stat`)
    return text.ok
      ? text.value
          .slice(text.value.lastIndexOf(')') + 2)
          .split(' ')
          .slice(11, 20)
      : text.code
  }
  return {
    bootMs: host.clock.boottimeMs(),
    wallMs: host.clock.wallMs(),
    files: MOVING.map((path) => host.files.text(path)).map((read) =>
      read.ok ? read.value.replace(/^(intr|ctxt|cpu\d+) .*\n/gm, '') : read.code,
    ),
    zones: host.files.list('/sys/class/powercap'),
    processes: [stat(50), stat(60)],
  }
}

test('a recording of a rig plays back the same bytes at the same times, sleep and steps of the clock included', async () => {
  const { text, seen } = await recordRig(MACHINE, 600)
  const played = recordedHost(text)
  if (!played.ok) throw new Error(played.reason)
  const host = played.value
  for (const expected of seen) {
    expect(view(host)).toEqual(expected)
    host.advance()
  }
  expect(host.advance()).toBe(false)
  expect([host.moments, host.played]).toEqual([600, 600])
})

test('a recording knows apps and owners by stand-ins, and keeps descriptors as Linux does', async () => {
  const { text } = await recordRig(MACHINE, 120)
  const played = recordedHost(text)
  if (!played.ok) throw new Error(played.reason)
  const host = played.value
  for (let look = 0; look < 40; look++) host.advance()
  expect([host.appHint?.(50), host.appHint?.(60), host.appHint?.(70)]).toEqual(['ollama', null, null])
  expect([host.files.owner('/proc/50'), host.files.owner('/proc/60'), host.files.owner('/proc/1')]).toMatchObject([
    { value: { uid: 1000 } },
    { value: { uid: 1001 } },
    { value: { uid: 0 } },
  ])
  const kept = host.files.open('/proc/60/stat')
  if (!kept.ok) throw new Error(kept.reason)
  const buffer = new Uint8Array(512)
  expect(Buffer.from(buffer.subarray(0, kept.value.read(buffer))).toString()).toMatch(/^60 \(process-2\) R 1 /)
  while (host.advance());
  expect([kept.value.read(buffer), kept.value.fault]).toEqual([-1, 'gone'])
  expect(host.files.owner('/proc/60')).toMatchObject({ code: 'absent' })
})

test('nothing leaks: no argument, environment, path, name of user, container or process is in the text', async () => {
  const { text } = await recordRig(MACHINE, 120)
  expect(text).not.toContain('MARKER')
  expect(text).not.toContain('1005')
  expect(text).not.toMatch(/\(my|\/home|docker/)
})

test('the recorder asks the host only for what may be recorded', async () => {
  const host = rigHost(rigWith(MACHINE))
  const asked = new Set<string>()
  const spied = (path: string) => void asked.add(path.replace(/\d+/g, 'N'))
  const files: Host['files'] = {
    text: (path) => {
      spied(path)
      return host.files.text(path)
    },
    later: (path, take) => take(files.text(path)),
    list: (path) => host.files.list(path),
    link: (path) => {
      spied(path)
      return host.files.link(path)
    },
    owner: (path) => host.files.owner(path),
    open: () => expect.unreachable('kept descriptors are not needed'),
  }
  const recorder = await startRecording(
    { ...host, files },
    { intervalMs: 1_000, durationMs: 0, appOf: () => null, write() {} },
  )
  recorder.take()
  expect([...asked].filter((path) => path.startsWith('/proc'))).toEqual([
    '/proc/cpuinfo',
    '/proc/meminfo',
    '/proc/stat',
    '/proc/loadavg',
    '/proc/N/stat',
  ])
  expect([...asked].filter((path) => /serial|uuid|product|machine|address|cmdline|exe|environ/.test(path))).toEqual([])
})

test('recording for two minutes takes a look each second, the last at the end', async () => {
  const host = hostWith(MACHINE)
  let moments = 0
  const recording = record(host, {
    intervalMs: 1_000,
    durationMs: 120_000,
    appOf: () => null,
    write: (text) => {
      moments += text.startsWith('\nat ') ? 1 : 0
    },
  })
  let isDone = false
  void recording.then(() => {
    isDone = true
  })
  for (let turn = 0; turn < 1_000 && !isDone; turn++) {
    await Promise.resolve()
    host.clock.advance(500)
  }
  await recording
  expect(moments).toBe(121)
})

test('what changes little takes little: a quiet second of a machine of 200 processes is under 300 bytes', async () => {
  const { text } = await recordRig(
    { ...MACHINE, idleProcesses: 200, processes: MACHINE.processes.slice(0, 1), events: [] },
    60,
  )
  const last = text.slice(text.lastIndexOf('\nat '))
  expect(last.length).toBeLessThan(300)
  expect(last).toMatch(/change \d+ 0\.\d+=\d+/)
})

test.each([
  ['perwatt recording 9\n', 'my.rec:1: expected "perwatt recording 2".'],
  ['perwatt recording 1\nplatform linux\n', 'my.rec:2: expected a JSON value after the name.'],
  [
    'perwatt recording 1\nplatform "linux"\n',
    'my.rec:3: expected another ticksPerS: Invalid input: expected number, received undefined.',
  ],
])('a header with a mistake is told with its line: %j', (text, reason) => {
  expect(recordedHost(text, 'my.rec')).toMatchObject({ code: 'badRecording', reason })
})

test.each([
  ['at 1 2', 'my.rec:10: expected "at" with monotonic, boot and wall milliseconds.'],
  ['at 0 1 2\nfile one /proc/stat', 'my.rec:11: expected a whole number.'],
  ['at 0 1 2\nfile 1 stat', 'my.rec:11: expected an absolute path.'],
  ['at 0 1 2\nfile 1 /proc/stat\n|\\q', 'my.rec:12: expected escapes such as \\x20.'],
  ['at 0 1 2\nfail 1 /proc/stat angry', 'my.rec:11: expected one of absent, denied, gone, broken, exhausted.'],
  [
    'at 0 1 2\nread 1',
    'my.rec:11: expected one of file, bytes, change, there, fail, gone, dir, link, unlink, owner, app, told, probed, refused, trouble, meter.',
  ],
  ['at 0 1 2\nchange 1 0.0=x', 'my.rec: moment 1 (at 0): expected changes of words that are there.'],
  ['at 0 1 2\nbytes 1 /sys/x A*==', 'my.rec:11: expected bytes in base64.'],
  ['at 0 1 2\ntold nvml 1 2 5 4', 'my.rec:11: expected an answer after its question.'],
  ['at 0 1 2\ntold nvml 1 2 soon 4', 'my.rec:11: expected milliseconds.'],
  ['at 0 1 2\ntold nvml 1 2 3 4', 'my.rec: moment 1 (at 0): expected questions and answers of drivers in JSON.'],
  ['at 0 1 2\nrefused nvml 1 2 angry no', 'my.rec:11: expected one of absent, denied, broken.'],
  [
    'at 0 1 2\nmeter meter-1 0 1 [["unit","61"]]',
    'my.rec:11: expected figures of a meter: [["unit",61.5,null,null,false]].',
  ],
  ['at 5 1 2\n\nat 4 1 2', 'my.rec:12: expected moments in the order of monotonic time.'],
  ['', 'my.rec:9: expected at least one moment: "at 0 BOOT WALL".'],
])('a moment with a mistake is told with its line: %j', async (moments, reason) => {
  const { text } = await recordRig({}, 1)
  const header = text.slice(0, text.indexOf('\nat '))
  expect(header.split('\n')).toHaveLength(9)
  expect(recordedHost(`${header}\n${moments}`, 'my.rec')).toMatchObject({ code: 'badRecording', reason })
})

test('a recording that is cut off or damaged is played or refused, and never throws', async () => {
  const { text } = await recordRig(MACHINE, 40)
  const devices = await recordRun(everySource(), { ticks: 12, wallMeters: [METER] })
  const fuzzed = (whole: string) => {
    const edit = fc.record({
      at: fc.nat(whole.length),
      drop: fc.nat(60),
      put: fc.oneof(fc.string({ maxLength: 12, unit: 'binary' }), fc.constantFrom(...PIECES)),
    })
    return fc.property(edit, fc.boolean(), ({ at, drop, put }, isCut) => {
      const damaged = isCut ? whole.slice(0, at) : whole.slice(0, at) + put + whole.slice(at + drop)
      const played = recordedHost(damaged, 'my.rec')
      if (!played.ok) expect(played.reason).toMatch(/^my\.rec.*expected/s)
      if (played.ok) playDevices(played.value)
    })
  }
  fc.assert(fuzzed(text), fcOptions('recording-parse', 100, 5_000))
  fc.assert(fuzzed(devices.text), fcOptions('recording-parse', 200, 5_000))
})

const PIECES = [
  '\nbytes 1 /sys/x AAEC\n',
  '\ntold nvml 1 2 0 99999999999\n',
  '\nprobed nvml 0 0 -5 5\n',
  '\nrefused nvml 1 0 broken x\n',
  '\ntrouble nvml broken x\n',
  '\nmeter meter-1 0 1 [["unit",1e999,null,null,false]]\n',
  '\nmeter meter-9 0 1 absent\n',
  '\nfile 1 /vendor/nvml/answer\n|{"__proto__":[[[',
  '\nthere 1 /proc/1/stat\nunlink /x\ngone 1\n',
]

function playDevices(host: RecordedHost): void {
  const sessions = ['nvml', 'emi', '__proto__'].map((driver) => host.vendor(driver))
  for (const { meter, through } of host.wallMeters) {
    expect(meter.id).toMatch(/^meter-/)
    void through?.({ look: () => expect.unreachable('the meter itself is not asked') }).look()
  }
  do {
    for (const session of sessions) session.ask({ isSlow: false })
  } while (host.advance())
}

test('a recording of the first version still plays', () => {
  const played = recordedHost(FIRST_VERSION)
  if (!played.ok) throw new Error(played.reason)
  const host = played.value
  expect(host.advance()).toBe(true)
  expect(host.files.text('/sys/class/powercap/intel-rapl:0/energy_uj')).toMatchObject({ value: '6000\n' })
  expect(host.files.open('/sys/class/powercap/intel-rapl:0:0/energy_uj')).toMatchObject({ code: 'denied' })
  expect([host.files.owner('/proc/7'), host.appHint?.(7)]).toMatchObject([{ value: { uid: 1000 } }, 'ollama'])
  expect([host.wallMeters, host.vendor('nvml').problem?.code]).toEqual([[], 'absent'])
})

const FACTS = '"chassis":null,"osName":null,"virtualisation":null'
const FIRST_VERSION = `perwatt recording 1
platform "linux"
ticksPerS 100
pageBytes 4096
intervalMs 1000
durationMs 1000
facts {"cpuModel":null,"cpuVendor":null,"logicalCpus":2,"physicalCores":1,"sockets":1,"memoryBytes":1024,${FACTS}}

at 0 5000 1700000000000
dir /sys/class/powercap intel-rapl:0 intel-rapl:0:0
file 0 /sys/class/powercap/intel-rapl:0/energy_uj
|5000
fail 1 /sys/class/powercap/intel-rapl:0:0/energy_uj denied
owner /proc/7 1000
app 7 ollama
file 2 /proc/7/stat
|7 (ollama) S 1

at 1000 6000 1700000001000
change 0 0.0=6000
`

test('a recording that is too long to be one is refused at once, and so is a file in it', async () => {
  expect(recordedHost('x'.repeat(250_000_001), 'my.rec')).toMatchObject({ reason: 'my.rec: expected at most 250 MB.' })
  const { text } = await recordRig({}, 1)
  const long = `${text}file 900 /sys/x\n${`|${'x'.repeat(99)}\n`.repeat(10_001)}`
  expect(recordedHost(long, 'my.rec')).toMatchObject({ reason: expect.stringMatching(/at most a megabyte in a file/) })
  const bytes = `${text}bytes 900 /sys/x ${'AAAA'.repeat(333_334)}\n`
  expect(recordedHost(bytes, 'my.rec')).toMatchObject({ reason: expect.stringMatching(/at most a megabyte in a file/) })
})

test('edits turn one text into the other, or there are none', () => {
  const word = fc.string({ unit: fc.constantFrom('a', '1', '\\', '=', '.'), maxLength: 3 })
  const text = fc.array(
    fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' ')),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(text, text, (before, after) => {
      const edits = editsBetween(before.join('\n'), after.join('\n'))
      if (edits !== null) expect(withEdits(before.join('\n'), edits)).toBe(after.join('\n'))
      else expect(before.map((line) => line.split(' ').length)).not.toEqual(after.map((line) => line.split(' ').length))
    }),
    fcOptions('recording-edits', 300, 10_000),
  )
})
