import { z } from 'zod'
import { Provenance } from '../../../contract/units.ts'
import { MeterDialect } from '../../../contract/wall-meter.ts'
import type { FileFault, VendorFault } from '../host.ts'

/**
 * A recording is one readable text file. First the header, a name and a JSON value a line; then the moments. A moment begins with `at`
 * (monotonic ms since the beginning, boot ms, wall ms) and holds what was found, in the first, or what has changed since, in the others:
 *
 *     file 3 /proc/1000/stat      the whole text of file number 3, in the lines that follow
 *     |1000 (ollama) S 1 …        one line of it; `:` instead of `|` where no newline ends it
 *     bytes 5 /sys/… AAEC         the same of a file that is no text, in base64
 *     change 3 0.13=412 0.14=46   line 0, words 13 and 14 of it are new
 *     there 6 /sys/…              it can be opened, and nobody has read it
 *     fail 4 /sys/… denied        cannot be read now, and why
 *     gone 3                      the process or device of file 3 has ended; its path may come again as another file
 *     dir /proc/… name name       names in a directory
 *     link PATH TARGET            a symbolic link
 *     unlink PATH                 it is not there any more
 *     owner /proc/1000 1000       who owns it
 *     app 1000 ollama             the catalogue's id for a process; `-` where it knows none
 *     told nvml 7 8 12.5 14.1     a driver library was asked file 7 and answered file 8 (JSON texts): when it was asked, when it answered
 *     probed nvml 7 8 12.5 14.1   the same by somebody who waited for it
 *     refused nvml 7 12.5 denied REASON   who waited was given a problem instead
 *     trouble nvml broken REASON  nothing can be asked of it from here on; `trouble nvml -`: all is well again
 *     meter meter-1 1000 1030 [["unit",61.5,null,null,false]]   a wall meter was asked, and what its units showed: name, watts, mJ
 *                                 counted and the step of that, whether the watts are an estimate; or `absent`, `denied`, `broken`
 *
 * Times are monotonic milliseconds since the beginning; what was asked before it has negative ones. Bytes that are not printable ASCII, `\` and,
 * in names, blanks are written `\xNN`. Version 1 had no `bytes`, `there`, `unlink`, drivers and meters; it is still read.
 */
export const FIRST_LINE = 'perwatt recording 2'
export const FIRST_LINES: readonly string[] = [FIRST_LINE, 'perwatt recording 1']

/** Texts of driver libraries are kept like files, so that only what changed is written. No machine has such a folder. */
export const DRIVER_TEXTS = '/vendor/'

/** A wall meter by a name of ours; address, user, secret and what its owner calls it and its parts are not in a recording. */
export const RecordedMeter = z.strictObject({
  id: z.string().regex(/^meter-\d{1,2}$/),
  dialect: MeterDialect,
  provenance: Provenance,
  /** Whether one of its units was chosen; it is called `unit` then. */
  isUnitChosen: z.boolean(),
})
export type RecordedMeter = z.infer<typeof RecordedMeter>

export const RecordingHeader = z.strictObject({
  platform: z.enum(['linux', 'darwin', 'win32']),
  ticksPerS: z.int().positive().max(10_000),
  pageBytes: z.int().positive(),
  intervalMs: z.number().positive(),
  durationMs: z.number().nonnegative(),
  facts: z.strictObject({
    cpuModel: z.string().nullable(),
    cpuVendor: z.string().nullable(),
    logicalCpus: z.int().positive(),
    physicalCores: z.int().nullable(),
    sockets: z.int().nullable(),
    memoryBytes: z.int().nullable(),
    chassis: z.enum(['laptop', 'desktop', 'server', 'other']).nullable(),
    osName: z.string().nullable(),
    virtualisation: z.enum(['none', 'vm', 'container', 'wsl']).nullable(),
  }),
  meters: z.array(RecordedMeter).max(16).default([]),
})
export type RecordingHeader = z.infer<typeof RecordingHeader>

/** A word of a line: which line, which word in it, and what it is now. */
export type Edit = { readonly line: number; readonly word: number; readonly value: string }

/** When a driver library was asked and when it answered. */
export type DriverTimes = { readonly askedMs: number; readonly answeredMs: number }

/** What a meter's units showed, or that it gave none. */
export type MeterLook = readonly MeterFigures[] | 'absent' | 'denied' | 'broken'
const Figure = z.number().nullable()
export const MeterFigures = z.tuple([z.string().max(40), Figure, Figure, Figure, z.boolean()])
export type MeterFigures = z.infer<typeof MeterFigures>

export type Step =
  | { readonly kind: 'file'; readonly file: number; readonly path: string; readonly text: string }
  | { readonly kind: 'bytes'; readonly file: number; readonly path: string; readonly text: string }
  | { readonly kind: 'change'; readonly file: number; readonly edits: readonly Edit[] }
  | { readonly kind: 'there'; readonly file: number; readonly path: string }
  | { readonly kind: 'fail'; readonly file: number; readonly path: string; readonly fault: FileFault }
  | { readonly kind: 'gone'; readonly file: number }
  | { readonly kind: 'dir'; readonly path: string; readonly names: readonly string[] }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'owner'; readonly path: string; readonly uid: number }
  | { readonly kind: 'app'; readonly pid: number; readonly app: string | null }
  | (DriverTimes & {
      readonly kind: 'told' | 'probed'
      readonly driver: string
      readonly question: number
      readonly answer: number
    })
  | {
      readonly kind: 'refused'
      readonly driver: string
      readonly question: number
      readonly askedMs: number
      readonly fault: VendorFault
      readonly reason: string
    }
  | {
      readonly kind: 'trouble'
      readonly driver: string
      readonly fault: { readonly code: VendorFault; readonly reason: string } | null
    }
  | (DriverTimes & { readonly kind: 'meter'; readonly meter: string; readonly look: MeterLook })

export type Moment = {
  readonly monotonicMs: number
  readonly boottimeMs: number
  readonly wallMs: number
  readonly steps: readonly Step[]
}
