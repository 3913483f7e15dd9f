import { release } from 'node:os'
import type { Settings } from '../../contract/settings.ts'
import type { HostFiles } from '../../engine/host/host.ts'
import type { Context } from '../command.ts'
import { hostOf } from '../machine.ts'
import type { DoctorJson, ReportJson } from '../shapes.ts'
import { VERSION } from '../version.ts'
import { listDevices } from './devices.ts'
import { privateWords } from './private-words.ts'
import { type PrivateWord, redactor } from './redact.ts'

/** What a bug report needs of this machine, without what gives it or its people away. */
export async function reportOf(context: Context, doctor: DoctorJson, settings: Settings | null): Promise<ReportJson> {
  const host = hostOf(context)
  const facts = await host.facts()
  const { redact, replaced } = redactor([
    { kind: 'directory', text: context.dataDir },
    { kind: 'file', text: context.args.text('config') ?? '' },
    ...meterWords(settings),
    ...privateWords(host.files),
  ])
  const report = redact({
    schema: 'perwatt.report/1' as const,
    at: doctor.at,
    versions: {
      perwatt: VERSION,
      engine: doctor.engine.version,
      node: process.versions.node,
      kernel: kernelOf(host.files, host.platform),
    },
    machine: { platform: host.platform, ...facts },
    sources: doctor.sources,
    findings: doctor.findings,
    notices: doctor.notices,
    devices: listDevices(host.files),
    settings: settings === null ? null : settingsJson(settings),
  })
  return { ...report, replaced: replaced() }
}

/** A distribution, or whoever built it, may have put any name behind the number. */
function kernelOf(files: HostFiles, platform: string): string | null {
  const version = files.text('/proc/version')
  const text = version.ok ? version.value : platform === 'linux' ? '' : `Linux version ${release()}`
  return /^Linux version (\d+(?:\.\d+)*)/.exec(text)?.[1] ?? null
}

/** What people call their meters is theirs; it stands in ids and names of domains too. */
function meterWords(settings: Settings | null): PrivateWord[] {
  const meters = settings?.wallMeters ?? []
  return meters.flatMap(({ id, name }) => [id, name].map((text) => ({ kind: 'meter', text })))
}

function settingsJson(settings: Settings): ReportJson['settings'] {
  const { theme, trayStyle, trayTitle, startAtLogin, showNames } = settings
  return {
    ...{ theme, trayStyle, trayTitle, startAtLogin, showNames },
    countAsAi: Object.keys(settings.countAsAi).length,
    wallMeters: settings.wallMeters.map(({ dialect, provenance, options, address, hasSecret }) => ({
      dialect,
      provenance,
      scheme: address.slice(0, address.indexOf(':')),
      options: Object.keys(options).toSorted(),
      hasSecret,
    })),
  }
}
