import { configuredMeters } from '../engine/configured-meters.ts'
import type { ConfiguredMeter } from '../engine/sources/wall/dialect.ts'
import { keyInFile } from '../engine/store/secret-key.ts'
import { openSecrets } from '../engine/store/secrets-file.ts'
import { openSettings, settingsPath } from '../engine/store/settings-file.ts'
import type { Context } from './command.ts'

/** Wall meters of the settings, but for those whose password only the desktop's keyring can open. */
export function readableMeters({ args, dataDir }: Context): ConfiguredMeter[] {
  const settings = openSettings(args.text('config') ?? settingsPath(dataDir))
  const secrets = openSecrets(dataDir, keyInFile(dataDir))
  return configuredMeters(settings.current.wallMeters, secrets).filter(({ secret }) => secret.ok)
}
