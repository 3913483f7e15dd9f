import { ok, problem } from '../contract/result.ts'
import type { WallMeter } from '../contract/wall-meter.ts'
import type { ConfiguredMeter } from './sources/wall/dialect.ts'
import type { SecretsFile } from './store/secrets-file.ts'

/** Name of a wall meter's secret in the file of secrets. */
export function secretNameOf({ id }: Pick<WallMeter, 'id'>): string {
  return `wall/${id}`
}

/** The meters of the settings with their secrets. One that should have a secret and has none is not asked without it. */
export function configuredMeters(
  meters: readonly WallMeter[],
  secrets: SecretsFile | null,
): readonly ConfiguredMeter[] {
  return meters.map((meter) => {
    if (!meter.hasSecret) return { meter, secret: ok(null) }
    const secret = secrets === null ? ok(null) : secrets.secret(secretNameOf(meter))
    return { meter, secret: secret.ok && secret.value === null ? noSecret() : secret }
  })
}

function noSecret() {
  return problem('denied', 'its password or token is not kept here any more', { kind: 'setting', path: 'Wall meters' })
}
