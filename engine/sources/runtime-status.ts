import type { HostFiles, KeptFile } from '../host/host.ts'

/** `power/runtime_status` of a PCI device: Documentation/ABI/testing/sysfs-devices-power. Reading it never wakes the device. */
export type RuntimeStatus = 'active' | 'suspended' | 'suspending' | 'resuming' | 'error' | 'unsupported'

const KNOWN: ReadonlySet<string> = new Set(['active', 'suspended', 'suspending', 'resuming', 'error', 'unsupported'])

/** `null` where there is no such device, or no such file. `device`: a PCI address, "0000:01:00.0". */
export function runtimeStatus(files: HostFiles, device: string): RuntimeStatus | null {
  const text = files.text(`/sys/bus/pci/devices/${device}/power/runtime_status`)
  const word = text.ok ? text.value.trim() : ''
  return KNOWN.has(word) ? (word as RuntimeStatus) : null
}

/** It sleeps, or is on its way there: to ask anything else of it would wake it. */
export function isAsleep(files: HostFiles, device: string): boolean {
  const status = runtimeStatus(files, device)
  return status === 'suspended' || status === 'suspending'
}

/** The same of one device, asked every tick. */
export interface SleepWatch {
  isAsleep(): boolean
  close(): void
}

const bytes = new Uint8Array(64)
/** Only `suspended` and `suspending` begin with it. */
const SUSPEND = Array.from('suspend', (letter) => letter.charCodeAt(0))

/** Keeps the descriptor: it is the kernel's text about the device, which may sleep, and even go, while it is open. */
export function createSleepWatch(files: HostFiles, device: string | null): SleepWatch {
  const path = `/sys/bus/pci/devices/${device}/power/runtime_status`
  let file: KeptFile | null = null

  function close(): void {
    file?.close()
    file = null
  }

  function read(): number {
    if (file === null) {
      const opened = files.open(path)
      if (!opened.ok) return -1
      file = opened.value
    }
    const length = file.read(bytes)
    if (length < 0) close()
    return length
  }

  return {
    isAsleep() {
      if (device === null) return false
      const wasOpen = file !== null
      let length = read()
      // Its device ended, and may have come back by the same name.
      if (length < 0 && wasOpen) length = read()
      return length >= SUSPEND.length && SUSPEND.every((letter, at) => bytes[at] === letter)
    },
    close,
  }
}

/** Its driver may put it to sleep when nothing uses it (`power/control` is `auto`): then no handle of it may be kept. */
export function maySleep(files: HostFiles, device: string): boolean {
  const text = files.text(`/sys/bus/pci/devices/${device}/power/control`)
  return text.ok && text.value.trim() === 'auto'
}
