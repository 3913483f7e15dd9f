// biome-ignore-all lint/correctness/noComponentHookFactories: these are functions of Windows, no components
import koffi from 'koffi'
import { describe, expect, test } from 'vitest'
import { batteryWindowsDriver } from '../../../engine/vendor/battery-windows.ts'
import type { VendorDriver, VendorLibrary } from '../../../engine/vendor/driver.ts'
import { emiDriver } from '../../../engine/vendor/emi.ts'
import { pdhDriver } from '../../../engine/vendor/pdh.ts'
import { processesWindowsDriver } from '../../../engine/vendor/processes-windows.ts'
import { FakeWin32, utf16 } from '../../support/fake-win32.ts'
import { metadataV2 } from '../sources/windows-machine.ts'
import { cpuSets, pdhBuffer, processBuffer } from './windows-buffers.ts'

const drivers = [emiDriver, batteryWindowsDriver, pdhDriver, processesWindowsDriver]

function open(driver: VendorDriver, win32: FakeWin32): VendorLibrary {
  const opened = driver.open(win32)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.value
}

/** Devices of one path; `control` answers by code, `null` refuses. */
function withDevice(win32: FakeWin32, control: (code: number, input: Uint8Array | null) => Uint8Array | null): void {
  const paths = utf16('\\\\?\\meter\0\0')
  win32.add('cfgmgr32.dll', {
    CM_Get_Device_Interface_List_SizeW(length: Uint32Array) {
      length[0] = paths.length / 2
      return 0
    },
    CM_Get_Device_Interface_ListW(_guid: Uint8Array, _device: null, buffer: Uint16Array) {
      buffer.set(new Uint16Array(new Uint8Array(paths).buffer))
      return 0
    },
  })
  win32.add('kernel32.dll', {
    CreateFileW: (path: string) => (path === '\\\\?\\meter' ? win32.openHandle() : -1),
    DeviceIoControl(
      _handle: number,
      code: number,
      input: Uint8Array | null,
      _inputBytes: number,
      output: Uint8Array,
      _outputBytes: number,
      returned: Uint32Array,
    ) {
      const answer = control(code, input)
      if (answer === null) return 0
      output.set(answer.subarray(0, output.length))
      returned[0] = Math.min(answer.length, output.length)
      return 1
    },
  })
}

/** Fills a made-up address, as PDH and the kernel do; `false` where the buffer is too short. */
function fill(win32: FakeWin32, address: bigint, bytes: Uint8Array): boolean {
  const memory = win32.at(address)
  if (memory.length < bytes.length) return false
  memory.set(bytes)
  return true
}

function pdhMachine(runningTime: { name: string; value: bigint }[]): FakeWin32 {
  const win32 = new FakeWin32()
  win32.add('pdh.dll', {
    PdhOpenQueryW(_source: null, _user: number, query: BigUint64Array) {
      query[0] = 7n
      return 0
    },
    PdhAddEnglishCounterW(_query: bigint, path: string, _user: number, counter: BigUint64Array) {
      counter[0] = path === '\\GPU Engine(*)\\Running Time' ? 1n : 2n
      return 0
    },
    PdhCollectQueryData: () => 0,
    PdhGetRawCounterArrayW(counter: bigint, bytes: Uint32Array, count: Uint32Array, address: bigint) {
      const items = counter === 1n ? runningTime : [{ name: 'pid_9_luid_0x00000000_0x0000000A_phys_0', value: 5n }]
      const buffer = pdhBuffer(items, address)
      bytes[0] = buffer.length
      count[0] = items.length
      return fill(win32, address, buffer) ? 0 : 0x8000_07d2
    },
    PdhCloseQuery: () => 0,
  })
  win32.add('gdi32.dll', {
    D3DKMTOpenAdapterFromLuid(request: Uint8Array) {
      const view = new DataView(request.buffer)
      view.setUint32(8, 0x40, true)
      return view.getUint32(0, true) === 0xa ? 0 : -1
    },
    D3DKMTQueryAdapterInfo(request: Uint8Array) {
      const view = new DataView(request.buffer)
      if (view.getUint32(0, true) !== 0x40 || view.getUint32(4, true) !== 6 || view.getUint32(16, true) !== 12)
        return -1
      const address = Buffer.alloc(12)
      address.writeUInt32LE(1, 0)
      win32.at(view.getBigUint64(8, true)).set(address)
      return 0
    },
    D3DKMTCloseAdapter: () => 0,
  })
  return win32
}

test('declarations are C that the binding library understands', () => {
  const prototypes = new Set<string>()
  for (const driver of drivers) {
    const win32 = pdhMachine([])
    withDevice(win32, () => null)
    win32.add('ntdll.dll', { NtQuerySystemInformation: () => 0, NtQueryInformationProcess: () => 0 })
    win32.add('kernel32.dll', {
      GetSystemTimes: () => 0,
      GetSystemCpuSetInformation: () => 0,
      OpenProcess: () => 0,
      QueryFullProcessImageNameW: () => 0,
    })
    open(driver, win32).close()
    for (const bound of win32.bound.values()) for (const prototype of bound) prototypes.add(prototype)
    expect(win32.memory.size).toBe(0)
  }
  expect(prototypes.size).toBeGreaterThan(20)
  for (const prototype of prototypes) expect(koffi.proto(prototype).primitive).toBe('Prototype')
})

test('drivers say that a library is absent', () => {
  for (const driver of drivers) expect(driver.open(new FakeWin32())).toMatchObject({ ok: false, code: 'absent' })
})

describe('energy meters', () => {
  test('are described and measured through one handle, which is closed in the end', () => {
    const win32 = new FakeWin32()
    const metadata = Buffer.from(metadataV2(['RAPL_Package0_PKG']), 'hex')
    withDevice(win32, (code) => {
      if (code === 0x224000) return Buffer.from([2, 0])
      if (code === 0x224004) return Buffer.from(Uint32Array.of(metadata.length).buffer)
      if (code === 0x224008) return metadata
      return code === 0x22400c ? Buffer.alloc(16, 1) : null
    })
    const library = open(emiDriver, win32)
    expect(library.read({ kind: 'describe' })).toEqual({
      meters: [{ path: '\\\\?\\meter', version: '0200', metadata: metadata.toString('hex'), errorCode: null }],
    })
    const request = {
      kind: 'measure',
      meters: [
        { path: '\\\\?\\meter', channels: 1 },
        { path: 'gone', channels: 1 },
      ],
    }
    expect(library.read(request)).toEqual({ measurements: ['01'.repeat(16), null] })
    expect(win32.openHandles.size).toBe(1)
    library.close()
    expect(win32.openHandles.size).toBe(0)
  })

  test('that may not be opened are told with the system’s code', () => {
    const win32 = new FakeWin32()
    withDevice(win32, () => null)
    win32.add('kernel32.dll', { CreateFileW: () => -1 })
    const answer = open(emiDriver, win32).read({ kind: 'describe' })
    expect(answer).toMatchObject({ meters: [{ version: null, metadata: null, errorCode: 5 }] })
  })

  test('survive a question that is none', () => {
    const win32 = new FakeWin32()
    withDevice(win32, () => null)
    const library = open(emiDriver, win32)
    for (const request of [null, 7, { meters: 3 }, { meters: [null, { path: 1, channels: 'x' }] }]) {
      expect(library.read(request)).toBeTypeOf('object')
    }
  })
})

test('a battery is asked by its tag, for information of level 0 and for its status now', () => {
  const win32 = new FakeWin32()
  const inputs: Record<number, string> = {}
  withDevice(win32, (code, input) => {
    inputs[code] = Buffer.from(input ?? []).toString('hex')
    if (code === 0x294040) return Buffer.from([9, 0, 0, 0])
    return code === 0x294044 ? Buffer.alloc(36, 2) : Buffer.alloc(16, 3)
  })
  const answer = open(batteryWindowsDriver, win32).read(undefined)
  expect(answer).toEqual({
    batteries: [{ path: '\\\\?\\meter', information: '02'.repeat(36), status: '03'.repeat(16) }],
  })
  expect(inputs).toEqual({
    2703424: '00000000',
    2703428: `09000000${'00'.repeat(8)}`,
    2703436: `09000000${'00'.repeat(16)}`,
  })
  expect(win32.openHandles.size).toBe(0)
})

describe('GPU counters', () => {
  const name = (pid: number, low: string) => `pid_${pid}_luid_0x00000000_0x${low}_phys_0_eng_0_engtype_3D`

  test('come with the PCI address of each adapter that has one', () => {
    const win32 = pdhMachine([
      { name: name(9, '0000000A'), value: 77n },
      { name: name(9, '0000000B'), value: 1n },
    ])
    const library = open(pdhDriver, win32)
    expect(library.read(undefined)).toEqual({
      runningTime: [
        [name(9, '0000000A'), '77'],
        [name(9, '0000000B'), '1'],
      ],
      localUsage: [['pid_9_luid_0x00000000_0x0000000A_phys_0', '5']],
      adapters: { '0x00000000_0x0000000A': [1, 0, 0], '0x00000000_0x0000000B': null },
    })
    library.close()
    expect(win32.memory.size).toBe(0)
  })

  test('of more instances than the buffer holds are read into a longer one', () => {
    const many = Array.from({ length: 5_000 }, (_, pid) => ({ name: name(pid, '0000000A'), value: 1n }))
    const answer = open(pdhDriver, pdhMachine(many)).read(undefined)
    expect(answer).toMatchObject({ runningTime: { length: 5_000 } })
  })
})

describe('processes', () => {
  function machine(count: number): FakeWin32 {
    const win32 = new FakeWin32()
    win32.add('ntdll.dll', {
      NtQuerySystemInformation(kind: number, address: bigint, _length: number, returned: Uint32Array) {
        const processes = Array.from({ length: count }, (_, pid) => ({ pid, name: 'ollama.exe', threads: 40 }))
        const buffer = processBuffer(processes, address)
        returned[0] = buffer.length
        return kind === 5 && fill(win32, address, buffer) ? 0 : 0xc000_0004 | 0
      },
      NtQueryInformationProcess(
        _handle: number,
        kind: number,
        address: bigint,
        _length: number,
        returned: Uint32Array,
      ) {
        const text = utf16('ollama.exe serve')
        const head = Buffer.alloc(16)
        head.writeUInt16LE(text.length, 0)
        head.writeBigUInt64LE(address + 16n, 8)
        returned[0] = 16 + text.length
        return kind === 60 && fill(win32, address, Buffer.concat([head, text])) ? 0 : -1
      },
    })
    win32.add('kernel32.dll', {
      GetSystemTimes(idle: BigUint64Array, kernel: BigUint64Array, user: BigUint64Array) {
        ;[idle[0], kernel[0], user[0]] = [1n, 2n, 3n]
        return 1
      },
      GetSystemCpuSetInformation(buffer: Uint8Array, _length: number, returned: Uint32Array) {
        buffer.set(cpuSets([1, 0]))
        returned[0] = 64
        return 1
      },
      OpenProcess: (_access: number, _inherits: number, pid: number) => (pid === 1 ? win32.openHandle() : 0),
      QueryFullProcessImageNameW(_handle: number, _flags: number, name: Uint16Array, units: Uint32Array) {
        const path = utf16('C:\\Ollama\\ollama.exe')
        name.set(new Uint16Array(new Uint8Array(path).buffer))
        units[0] = path.length / 2
        return 1
      },
    })
    return win32
  }

  test('come in one call, with path and command line of those that are asked for and may be opened', () => {
    const win32 = machine(3)
    const library = open(processesWindowsDriver, win32)
    expect(library.read({ identify: [1, 2] })).toEqual({
      times: ['1', '2', '3'],
      processes: [0, 1, 2].map((pid) => [pid, 0, '0', '0', '0', 'ollama.exe']),
      images: [
        [1, 'C:\\Ollama\\ollama.exe', 'ollama.exe serve'],
        [2, null, null],
      ],
      efficiencyClasses: [1, 0],
    })
    expect(win32.openHandles.size).toBe(0)
    library.close()
    expect(win32.memory.size).toBe(0)
  })

  test('of more than the buffer holds are read into a longer one', () => {
    const answer = open(processesWindowsDriver, machine(1_000)).read(null)
    expect(answer).toMatchObject({ processes: { length: 1_000 }, images: [] })
  })

  test('leave nothing of a command line in memory', () => {
    const win32 = machine(2)
    open(processesWindowsDriver, win32).read({ identify: [1] })
    const remains = [...win32.memory.values()].some((bytes) => Buffer.from(bytes).includes(utf16('serve')))
    expect(remains).toBe(false)
  })
})
