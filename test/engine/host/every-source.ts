import { ok, problem, type Result } from '../../../contract/result.ts'
import type { VirtualClock } from '../../../engine/clock/virtual.ts'
import type { VendorAnswer, VendorFault, VendorSession } from '../../../engine/host/host.ts'
import type { NvmlRequest } from '../../../engine/sources/nvml-record.ts'
import type { ConfiguredMeter } from '../../../engine/sources/wall/dialect.ts'
import { BARE_FACTS, MemoryHost } from '../../support/memory-host.ts'
import { gpuMetricsTable } from '../sources/gpu-metrics-tables.ts'
import { processRecord } from '../sources/nvml-machine.ts'
import { addChip, powerState, supply } from '../sources/sensor-trees.ts'
import { ScriptedContact } from '../sources/wall/scripted-contact.ts'

export const RADEON = '0000:03:00.0'
export const GEFORCE = '0000:01:00.0'
export const ARC = '0000:05:00.0'
export const NPU = '0000:00:0b.0'
/** Stands wherever a name, serial number or secret does. */
export const SECRET = 'MARKER'
export const MOUSE = 'hid-aa:bb:cc:dd:ee:ff-battery'
export const METER: ConfiguredMeter = {
  meter: {
    id: `plug-${SECRET.toLowerCase()}`,
    name: `Plug of ${SECRET}`,
    dialect: 'shelly-2',
    address: `http://${SECRET.toLowerCase()}.local`,
    provenance: 'counter',
    options: { unit: 'switch:0', user: SECRET },
    hasSecret: true,
  },
  secret: ok(SECRET),
}

/**
 * A machine with one of everything that Linux shows, whose values follow its clock; built from the interfaces that the sources name, since no
 * machine has it all. Its GeForce hangs for a while, its Radeon falls asleep.
 */
export function everySource(): MemoryHost & { readonly vendor: MemoryHost['vendor'] } {
  const host = new MemoryHost()
  host.facts = async () => ({ ...BARE_FACTS, cpuModel: 'Intel(R) Core(TM) Ultra 7 155H', chassis: 'laptop' })
  const { clock } = host
  const passedS = () => clock.monotonicMs() / 1_000
  const count = (perS: number) => () => `${Math.round(1e9 + perS * passedS())}\n`
  processes(host, passedS)
  processor(host, count)
  radeon(host, passedS)
  arc(host, count)
  compute(host, passedS)
  host.write('/sys/class/accel/accel0/device/npu_busy_time_us', count(200_000))
  host.links.set('/sys/class/accel/accel0/device', `../../../${NPU}`)
  host.links.set('/sys/class/accel/accel0/device/driver', '../../../bus/pci/drivers/intel_vpu')
  supply(host, 'BAT0', {
    type: 'Battery',
    status: 'Discharging',
    power_now: () => `${30_000_000 + Math.round(1e6 * Math.sin(passedS()))}\n`,
    serial_number: SECRET,
    manufacturer: SECRET,
  })
  supply(host, MOUSE, { type: 'Battery', scope: 'Device', status: 'Discharging', capacity: 40 })
  geforce(host)
  const plug = new ScriptedContact()
  plug.answer = () => {
    const total = 5_000 + passedS() / 40
    return JSON.stringify({ 'switch:0': { apower: 90, aenergy: { total } }, wifi: { ssid: SECRET }, mac: SECRET })
  }
  host.contacts.set(METER.meter.address, plug)
  return host
}

function processes(host: MemoryHost, passedS: () => number): void {
  const stat = (pid: number, name: string, ticks: () => number) =>
    host.write(`/proc/${pid}/stat`, () => {
      const fields = ['S', 1, pid, pid, 0, -1, 4_194_560, 0, 0, 0, 0, Math.round(ticks()), 0, 0, 0, 20, 0, 1, 0, 90_000]
      return `${pid} (${name}) ${[...fields, ...Array.from({ length: 30 }, () => 0)].join(' ')}\n`
    })
  stat(1, 'init', () => 100)
  stat(50, 'ollama', () => 500 + 40 * passedS())
  stat(60, SECRET, () => 10 * passedS())
  host.write('/proc/50/cmdline', `/usr/bin/ollama\0serve\0--key\0${SECRET}\0`)
  host.links.set('/proc/50/exe', '/usr/bin/ollama')
  host.write('/proc/stat', () => {
    const busy = Math.round(1_000 + 60 * passedS())
    return `cpu  ${busy} 0 0 ${Math.round(400 * passedS())} 0 0 0 0 0 0\ncpu0 ${busy} 0 0 0 0 0 0 0 0 0\nintr 1 2 3\nprocesses 60\n`
  })
  host.write('/proc/loadavg', '0.50 0.40 0.30 1/3 60\n')
  const use = (device: string, lines: () => string) => (): string =>
    `pos:\t0\nflags:\t02100002\nmnt_id:\t26\nino:\t1\ndrm-client-name:\t${SECRET}\ndrm-pdev:\t${device}\n${lines()}`
  const descriptor = (number: number, target: string, lines: () => string) => {
    host.links.set(`/proc/50/fd/${number}`, target)
    host.write(`/proc/50/fdinfo/${number}`, lines)
  }
  host.links.set('/proc/50/fd/0', `/home/${SECRET}/prompt.txt`)
  const amd = () => `drm-driver:\tamdgpu\ndrm-client-id:\t7\ndrm-engine-compute:\t${Math.round(3e8 * passedS())} ns\n`
  descriptor(
    5,
    '/dev/dri/renderD128',
    use(RADEON, () => `${amd()}drm-resident-vram:\t4000000 KiB\n`),
  )
  const xe = () =>
    `drm-cycles-ccs:\t${Math.round(2e6 * passedS())}\ndrm-total-cycles-ccs:\t${Math.round(19e6 * passedS())}\n`
  descriptor(
    6,
    '/dev/dri/renderD129',
    use(ARC, () => `drm-driver:\txe\ndrm-client-id:\t9\n${xe()}`),
  )
  descriptor(
    8,
    '/dev/accel/accel0',
    use(NPU, () => 'drm-driver:\tintel_vpu\ndrm-client-id:\t3\n'),
  )
}

function processor(host: MemoryHost, count: (perS: number) => () => string): void {
  const zone = '/sys/class/powercap/intel-rapl:0'
  host.write(`${zone}/name`, 'package-0\n')
  host.write(`${zone}/energy_uj`, count(22e6))
  host.write(`${zone}/max_energy_range_uj`, '262143328850\n')
  host.links.set(zone, '../../devices/virtual/powercap/intel-rapl/intel-rapl:0')
}

function drm(host: MemoryHost, card: number, device: string, driver: string, pciId: string): string {
  const uevent = `DRIVER=${driver}\nPCI_CLASS=30000\nPCI_ID=${pciId}\nPCI_SLOT_NAME=${device}\nMODALIAS=pci:${SECRET}\n`
  for (const name of [`card${card}`, `renderD${128 + card}`]) {
    host.write(`/sys/class/drm/${name}/device/uevent`, uevent)
    host.links.set(`/sys/class/drm/${name}/device`, `../../../${device}`)
  }
  host.write(`/sys/class/drm/card${card}/device/unique_id`, SECRET)
  host.write(`/sys/class/drm/card${card}/device/serial_number`, SECRET)
  return `/sys/class/drm/card${card}/device`
}

/** Counts its energy in a table that changes at each look; sleeps from second 100 to 150. */
function radeon(host: MemoryHost, passedS: () => number): void {
  const path = drm(host, 0, RADEON, 'amdgpu', '1002:744C')
  const isAsleep = () => passedS() > 100 && passedS() < 150
  const awake = (text: () => string) => () => (isAsleep() ? ({ fault: 'denied' } as const) : text())
  const sensors = { power1_average: awake(() => '95000000\n'), power1_cap_max: awake(() => '300000000\n') }
  for (const [name, text] of Object.entries(sensors)) host.write(`${path}/hwmon/hwmon2/${name}`, text)
  addChip(host, 2, { name: 'amdgpu', device: RADEON, files: sensors })
  const energy = () => BigInt(Math.round(65_536 * (1_000 + 95 * passedS())))
  const table = () => gpuMetricsTable('1.3', { watts: 95, busy: 30, energy: energy() })
  host.write(
    `${path}/gpu_metrics`,
    awake(() => Buffer.from(table()).toString('latin1')),
  )
  host.write(
    `${path}/gpu_busy_percent`,
    awake(() => '30\n'),
  )
  powerState(host, RADEON, 'active', 'auto')
  host.write(`/sys/bus/pci/devices/${RADEON}/power/runtime_status`, () => (isAsleep() ? 'suspended\n' : 'active\n'))
}

function arc(host: MemoryHost, count: (perS: number) => () => string): void {
  drm(host, 1, ARC, 'xe', '8086:56A0')
  addChip(host, 3, { name: 'xe', device: ARC, files: { energy1_input: count(41e6), energy1_label: 'card' } })
  powerState(host, ARC, 'active', 'on')
}

function compute(host: MemoryHost, passedS: () => number): void {
  const nodes = '/sys/class/kfd/kfd/topology/nodes'
  host.write(`${nodes}/1/gpu_id`, '51110\n')
  host.write(`${nodes}/1/properties`, `simd_count 256\nlocation_id ${0x300}\ndomain 0\nunique_id 77${SECRET}\n`)
  host.write('/sys/class/kfd/kfd/proc/50/vram_51110', () => `${4e9 + Math.round(passedS())}\n`)
}

/** Answers 40 ms after it is asked; hangs from second 60 to 90. */
function geforce(host: MemoryHost): void {
  const path = `/sys/bus/pci/devices/${GEFORCE}`
  host.write(`${path}/vendor`, '0x10de\n')
  host.write(`${path}/class`, '0x030000\n')
  host.links.set(`${path}/driver`, '../../../../bus/pci/drivers/nvidia')
  powerState(host, GEFORCE, 'active', 'on')
  host.vendor = (driver) =>
    driver === 'nvml' ? slowSession(host.clock, nvmlAnswer) : MemoryHost.prototype.vendor.call(host, driver)
}

function nvmlAnswer(request: unknown, atMs: number): unknown {
  const { isSlow } = request as NvmlRequest
  const listed = processRecord(24, 50, BigInt(6e9))
  return {
    init: 0,
    isSlow,
    serial: SECRET,
    cards: [
      {
        ...{ pci: GEFORCE, code: 0, codes: {}, energyMj: String(Math.round(5e6 + 120 * atMs)), serial: SECRET },
        ...{ powerAverageMw: 120_000, powerInstantMw: 121_000, powerUsageMw: 120_000, gpuPct: 60, isSplit: false },
        lists: [{ kind: 'compute', count: 1, bytes: listed.toString('base64') }],
        samples: [{ pid: 50, atUs: String(Math.round((Date.UTC(2026, 10, 25) + atMs) * 1_000)), smPct: 60 }],
        description: isSlow
          ? {
              ...{ name: 'NVIDIA GeForce RTX 4090', uuid: `GPU-${SECRET}`, architecture: 8 },
              ...{ enforcedLimitMw: 450_000, defaultLimitMw: 450_000, memoryBytes: String(24 * 2 ** 30) },
            }
          : null,
      },
    ],
  }
}

function slowSession(clock: VirtualClock, read: (request: unknown, atMs: number) => unknown): VendorSession {
  const hung = problem('broken', `The library in /home/${SECRET} did not answer.`)
  let latest: VendorAnswer | null = null
  let isAwaited = false
  let isOpen = true
  const isHung = () => clock.monotonicMs() > 60_000 && clock.monotonicMs() < 90_000
  const answered = (request: unknown, askedMs: number): VendorAnswer => {
    const answeredMs = clock.monotonicMs()
    return { value: read(request, answeredMs), askedMs, answeredMs }
  }
  return {
    ask(request) {
      if (isAwaited || isHung()) return
      isAwaited = true
      const askedMs = clock.monotonicMs()
      clock.after(40, () => {
        isAwaited = false
        if (isOpen && !isHung()) latest = answered(request, askedMs)
      })
    },
    get latest() {
      if (isHung()) latest = null
      return latest
    },
    get problem() {
      return isHung() ? hung : null
    },
    async answer(request): Promise<Result<VendorAnswer, VendorFault>> {
      latest = answered(request, clock.monotonicMs())
      return ok(latest)
    },
    close() {
      isOpen = false
      latest = null
    },
  }
}
