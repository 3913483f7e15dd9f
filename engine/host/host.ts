import type { z } from 'zod'
import type { Problem, Result } from '../../contract/result.ts'
import type { Clock } from '../clock/clock.ts'

/** Why a file could not be read, by what it means here rather than by errno. */
export type FileFault =
  /** ENOENT, ENOTDIR, or a link whose target a container hides (see `link`). */
  | 'absent'
  /** EACCES, EPERM. */
  | 'denied'
  /** ESRCH, ENODEV, ENXIO: the process or device of an open descriptor ended. */
  | 'gone'
  /** EINVAL, EIO, EBUSY, EAGAIN, ETIMEDOUT, ENODATA: there, but gave nothing this time. */
  | 'broken'
  /** EMFILE, ENFILE: no descriptor left. */
  | 'exhausted'

/** A descriptor that is kept and re-read from offset 0; the kernel renders its files anew for each read at 0. */
export interface KeptFile {
  /** Bytes read into `buffer` (at most its length), or -1 with `fault` set. Allocates nothing on success. */
  read(buffer: Uint8Array): number
  /** Of the last read that returned -1. */
  readonly fault: FileFault | null
  close(): void
}

/** Files of the machine by their usual absolute path (`/proc/stat`, `/sys/class/…`, `/etc/os-release`), wherever the host really keeps them. */
export interface HostFiles {
  /** Whole text of a small file (at most 1 MB), latin1 for `/proc` and `/sys`. */
  text(path: string): Result<string, FileFault>
  /** An attribute of `/sys`, read off this thread, where a slow chip answers (a battery's embedded controller takes up to 100 ms). */
  later(path: string, take: (answer: Result<string, FileFault>) => void): void
  /** Names in a directory, unsorted. */
  list(path: string): Result<string[], FileFault>
  /** Target of a symbolic link as stored, not resolved. */
  link(path: string): Result<string, FileFault>
  /** Owner of a file: `/proc/PID` belongs to the process's effective user. */
  owner(path: string): Result<{ uid: number }, FileFault>
  open(path: string): Result<KeptFile, FileFault>
}

export type CommandOutput = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }
export type CommandFault = 'absent' | 'denied' | 'timeout' | 'broken'

/** A driver library's newest answer: a plain record, to be parsed by whoever asked. Times are monotonic. */
export type VendorAnswer = { readonly value: unknown; readonly askedMs: number; readonly answeredMs: number }
/** `absent`: no such library here; `denied`; `broken`: the driver hung or crashed, and is tried again by itself. */
export type VendorFault = 'absent' | 'denied' | 'broken'

/** A driver library that is loaded in a process of its own, so that a driver that hangs or crashes takes nothing with it (engine/vendor). */
export interface VendorSession {
  /** Asks for the next answer unless one is awaited; returns at once. `request` is plain JSON, the driver's own. */
  ask(request?: unknown): void
  /** `null` before the first answer, and after the library was closed or its process ended. */
  readonly latest: VendorAnswer | null
  /** Why there is no answer now; `null` while all is well. */
  readonly problem: Problem<VendorFault> | null
  /** Asks, and waits for the answer or for the problem: for probes, never on the tick. */
  answer(request?: unknown): Promise<Result<VendorAnswer, VendorFault>>
  /** Unloads the library, and ends the process where no other is loaded in it: nothing of the device stays open. */
  close(): void
}

export type HttpAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export type HttpFault = 'refused' | 'timeout' | 'tooLarge' | 'redirected' | 'broken'

/** `untrusted`: its certificate is neither vouched for nor the one that was pinned; nothing was sent. */
export type ContactFault = HttpFault | 'untrusted'

/** What a broker passed on. `isRetained`: it was kept there since some earlier time, and says nothing of now. */
export type BrokerMessage = { readonly topic: string; readonly text: string; readonly isRetained: boolean }

/** A connection to an MQTT broker that stands until somebody ends it. */
export interface Broker {
  /** Why it broke off; `null` while it stands. */
  readonly problem: Problem<ContactFault> | null
  publish(topic: string, text: string): void
  close(): void
}

/** What went to and came from one address that the user typed; for Settings. Bytes are those of the connection, headers included. */
export type Traffic = {
  readonly address: string
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Wall time of the newest answer; `null` before the first. */
  readonly answeredMs: number | null
}

/**
 * The way to one address that the user typed, and to no other: no redirects, nothing after `timeoutMs`, answers over 1 MB refused. Problems
 * name the origin alone, since paths and headers may hold secrets.
 */
export interface Contact {
  /** One HTTP request to a path ("/status?x=1") of exactly this address. */
  ask(
    path: string,
    options?: {
      method?: 'GET' | 'POST' | 'DELETE'
      body?: string
      headers?: Record<string, string>
      timeoutMs?: number
    },
  ): Promise<Result<HttpAnswer, ContactFault>>
  /** Sends lines over TCP and takes what comes back until `isWhole`, for protocols that are no HTTP. */
  exchange(
    text: string,
    isWhole: (answer: string) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<Result<string, ContactFault>>
  /**
   * Joins the MQTT broker at an `mqtt` or `mqtts` address (3.1.1) and subscribes to `topics`. What comes goes to `take` until it breaks off, and
   * then `end` is called once. `denied`: the name, the password or a topic was refused.
   */
  join(
    options: {
      readonly topics: readonly string[]
      readonly user: string | null
      readonly secret: string | null
      readonly timeoutMs?: number
    },
    take: (message: BrokerMessage) => void,
    end: () => void,
  ): Promise<Result<Broker, ContactFault | 'denied'>>
  /** SHA-256 of the certificate that an address with TLS shows (64 hex digits), and whether an authority vouches for it. Sends nothing. */
  certificate(): Promise<Result<{ readonly sha256: string; readonly isTrusted: boolean }, ContactFault>>
  /** Breaks off what is under way; later questions are refused. */
  close(): void
}

/** A process by pid **and** start time: a pid alone is reused. `startTicks` is field 22 of `/proc/PID/stat`. */
export type ProcessKey = { readonly pid: number; readonly startTicks: number }

/** What does not change while we run; asked once at start. `null` is "not known". */
export type MachineFacts = {
  readonly cpuModel: string | null
  readonly cpuVendor: string | null
  readonly logicalCpus: number
  readonly physicalCores: number | null
  readonly sockets: number | null
  readonly memoryBytes: number | null
  readonly chassis: 'laptop' | 'desktop' | 'server' | 'other' | null
  readonly osName: string | null
  /** Kind of hypervisor or container that we see ourselves in. */
  readonly virtualisation: 'none' | 'vm' | 'container' | 'wsl' | null
}

/** The machine as the engine sees it. Everything above it runs alike on a real machine, a recording and a rig. */
export interface Host {
  readonly platform: 'linux' | 'darwin' | 'win32'
  readonly clock: Clock
  readonly files: HostFiles
  /** Memory page and clock tick of `/proc`: bytes, and USER_HZ (sysconf(3)). */
  readonly pageBytes: number
  readonly ticksPerS: number
  /** Our own process, so that we appear in our own list; `null` where the engine is not part of the machine (a rig, a foreign tree). */
  readonly selfPid: number | null
  facts(): Promise<MachineFacts>
  /**
   * Catalogue id of a process, where the host itself knows it: a recording holds no command lines to match, and a rig may leave
   * recognition out. `null` where this process is no known app. A host without this method leaves it all to the catalogue.
   */
  appHint?(pid: number): string | null
  /** Name of an OS account; `null` where nobody knows it. */
  userName(uid: number): string | null
  /** Runs a program without a shell. Never on the tick. */
  command(argv: readonly string[], options?: { timeoutMs?: number }): Promise<Result<CommandOutput, CommandFault>>
  /**
   * Loads a C library and binds `prototypes` (C declarations, as koffi takes them); functions that this version of the library lacks are
   * left out. Only the vendor process calls this.
   */
  library(
    name: string,
    prototypes: readonly string[],
  ): Result<Readonly<Record<string, (...args: never[]) => unknown>>, 'absent' | 'broken'>
  /** Opens a driver library by the name of its driver in engine/vendor/registry.ts. Starts nothing before the first question. */
  vendor(driver: string): VendorSession
  /** Loopback only, no redirects followed, answers over 1 MB refused. */
  http(
    url: string,
    options?: {
      method?: 'GET' | 'POST' | 'DELETE'
      body?: string
      headers?: Record<string, string>
      timeoutMs?: number
    },
  ): Promise<Result<HttpAnswer, HttpFault>>
  /**
   * Opens the way to an address that the user typed: `http://host`, `https://host:port`, `tcp://host:port`, `mqtt://host` or `mqtts://host`. `certificateSha256` pins a
   * certificate that no authority vouches for.
   */
  contact(address: string, options?: { certificateSha256?: string | undefined }): Contact
  /** Every address that was asked since the start. */
  traffic(): readonly Traffic[]
  /** Sends a signal to exactly this process, never to a pid that was reused. */
  signal(target: ProcessKey, name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): Result<null, 'gone' | 'denied'>
}

/** Parses foreign JSON at the edge. */
export type Shape<T> = z.ZodType<T>
