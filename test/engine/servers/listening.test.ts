import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listeningPorts, loopbackOrigin, parseAddress } from '../../../engine/servers/listening.ts'
import { whereTheyListen } from '../../../engine/servers/where-they-listen.ts'
import { fcOptions } from '../../support/counts.ts'
import { ServingMachine, socketLine } from './serving-machine.ts'

describe('an address of a socket', () => {
  test.each([
    ['0100007F:2CAA', '127.0.0.1', 11_434],
    ['00000000:1F90', '0.0.0.0', 8_080],
    ['0101A8C0:0050', '192.168.1.1', 80],
    ['00000000000000000000000001000000:2CAA', '::1', 11_434],
    ['00000000000000000000000000000000:FFFF', '::', 65_535],
    ['0000000000000000FFFF00000100007F:2CAA', '127.0.0.1', 11_434],
    ['0000000000000000FFFF000000000000:2CAA', '0.0.0.0', 11_434],
    ['000080FE00000000FF565002BB0912FE:0016', 'fe80:0:0:0:250:56ff:fe12:9bb', 22],
  ])('%s is %s, port %i', (text, address, port) => {
    expect(parseAddress(text)).toEqual({ address, port })
  })

  test.each(['', '0100007F', '0100007F:', '0100007f:2caa', '0100007F:12345', 'G100007F:2CAA', '0100007F00:2CAA'])(
    'is none where it is spelled otherwise: "%s"',
    (text) => expect(parseAddress(text)).toBeNull(),
  )

  test('leads to an address that this machine can ask, or to none', () => {
    const origins = ['127.0.0.1', '127.0.0.2', '0.0.0.0', '::', '::1', '192.168.1.1', 'fe80:0:0:0:0:0:0:1'].map(
      (address) => loopbackOrigin({ address, port: 80 }),
    )
    expect(origins).toEqual([
      'http://127.0.0.1:80',
      'http://127.0.0.2:80',
      'http://127.0.0.1:80',
      'http://127.0.0.1:80',
      'http://[::1]:80',
      null,
      null,
    ])
  })

  test('is whatever bytes it is made of', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.integer({ min: 0, max: 65_535 }),
        (bytes, port) => {
          const words = Array.from({ length: 4 }, (_, at) => [...bytes.subarray(4 * at, 4 * at + 4)].reverse())
          const hex = words.flat().map((byte) => byte.toString(16).padStart(2, '0'))
          const text = `${hex.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
          const parsed = parseAddress(text)
          if (parsed === null) throw new Error('not parsed')
          expect(parsed.port).toBe(port)
          const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
          if (isMapped) expect(parsed.address).toBe([...bytes.subarray(12)].join('.'))
          else expect(groupsOf(parsed.address)).toEqual(groupsOf16(bytes))
        },
      ),
      fcOptions('servers', 200, 20_000),
    )
  })
})

function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  if (tail === undefined) return read(head)
  const ends = [read(head), read(tail)] as const
  return [...ends[0], ...Array<number>(8 - ends[0].length - ends[1].length).fill(0), ...ends[1]]
}

function groupsOf16(bytes: Uint8Array): number[] {
  return Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0))
}

describe('ports on which processes listen', () => {
  test('are those of the sockets that each holds, and no connection', () => {
    const machine = new ServingMachine()
    machine.run(10, 'ollama', ['0100007F:2CAA'])
    machine.run(20, 'vllm', ['00000000:1F40'])
    const table = machine.memory.get('/proc/10/net/tcp')?.content
    machine.write('/proc/10/net/tcp', `${String(table)}${socketLine(7, '0100007F:D431', 999, '01')}\n`)
    machine.links.set('/proc/10/fd/9', 'socket:[999]')
    machine.links.set('/proc/10/fd/10', '/dev/null')
    machine.links.set('/proc/10/fd/11', 'pipe:[101]')
    expect(listeningPorts(machine.files, [10, 20])).toEqual([
      { pid: 10, address: '127.0.0.1', port: 11_434 },
      { pid: 20, address: '0.0.0.0', port: 8_000 },
    ])
  })

  test('are not those of another network namespace, where a container has ports of its own', () => {
    const machine = new ServingMachine()
    machine.run(10, 'vllm', ['00000000:1F40'])
    machine.links.set('/proc/10/ns/net', 'net:[4026532999]')
    expect(listeningPorts(machine.files, [10])).toEqual([])
  })

  test('are none of a process whose descriptors are not shown', () => {
    const machine = new ServingMachine()
    machine.run(10, 'ollama', ['0100007F:2CAA'])
    machine.links.set('/proc/10/fd/3', { fault: 'denied' })
    expect(listeningPorts(machine.files, [10, 11])).toEqual([])
  })

  test('are one place where a process listens on both loopbacks, and the narrow address comes first', () => {
    const machine = new ServingMachine()
    machine.run(10, 'ollama', ['00000000000000000000000001000000:2CAA', '0100007F:2CAA'])
    machine.run(20, 'vllm', ['00000000000000000000000000000000:1F40'])
    machine.run(30, 'tgi', ['0100007F:1F40'])
    const places = whereTheyListen(machine, new Map([10, 20, 30].map((pid) => [pid, []])))
    expect(places).toEqual([
      { pid: 10, origin: 'http://127.0.0.1:11434' },
      { pid: 30, origin: 'http://127.0.0.1:8000' },
      { pid: 20, origin: 'http://127.0.0.1:8000' },
    ])
  })

  test('are never impossible, whatever the table says', () => {
    const word = fc.oneof(fc.string({ maxLength: 40 }), fc.constantFrom('0A', '0100007F:2CAA', '101', 'st', '\n', ' '))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const machine = new ServingMachine()
        machine.run(10, 'ollama', ['0100007F:2CAA'])
        machine.write('/proc/10/net/tcp', words.join(' '))
        for (const { port, address } of listeningPorts(machine.files, [10])) {
          expect(port).toBeGreaterThanOrEqual(0)
          expect(port).toBeLessThanOrEqual(65_535)
          expect(address).not.toBe('')
        }
      }),
      fcOptions('servers', 100, 20_000),
    )
  })
})
