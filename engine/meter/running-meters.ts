import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A metering proxy of this data directory. */
export type RunningMeter = {
  readonly pid: number
  readonly listen: string
  readonly port: number
  readonly target: string
}

const DIRECTORY = 'meters'

/** Says in the data directory that a meter listens: an engine that comes later finds it, and no other meter takes it for a server. */
export function announceMeter(dataDir: string, meter: RunningMeter): void {
  const directory = join(dataDir, DIRECTORY)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(fileOf(dataDir, meter.port), `${JSON.stringify(meter)}\n`, { mode: 0o600 })
}

export function withdrawMeter(dataDir: string, port: number): void {
  rmSync(fileOf(dataDir, port), { force: true })
}

/** Those that are alive. */
export function runningMeters(dataDir: string): readonly RunningMeter[] {
  return namesIn(join(dataDir, DIRECTORY)).flatMap((name) => {
    const meter = meterIn(join(dataDir, DIRECTORY, name))
    return meter !== null && isAlive(meter.pid) ? [meter] : []
  })
}

function fileOf(dataDir: string, port: number): string {
  return join(dataDir, DIRECTORY, `${port}.json`)
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => /^\d{1,5}\.json$/.test(name))
  } catch {
    return []
  }
}

function meterIn(path: string): RunningMeter | null {
  try {
    const { pid, listen, port, target } = JSON.parse(readFileSync(path, 'utf8'))
    const isMeter =
      Number.isInteger(pid) && Number.isInteger(port) && typeof listen === 'string' && typeof target === 'string'
    return isMeter ? { pid, listen, port, target } : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
