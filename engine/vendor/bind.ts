import { ok, problem, type Result } from '../../contract/result.ts'
import type { Host, VendorFault } from '../host/host.ts'

type Functions = Readonly<Record<string, (...args: never[]) => unknown>>

/** The named functions of a library, by their C prototypes; a problem where the library, or one of them, is not there. */
export function bind<F extends Functions>(
  host: Pick<Host, 'library'>,
  name: string,
  prototypes: { readonly [K in keyof F]: string },
): Result<F, VendorFault> {
  const loaded = host.library(name, Object.values<string>(prototypes))
  if (!loaded.ok) return loaded
  const missing = Object.keys(prototypes).find((key) => loaded.value[key] === undefined)
  if (missing !== undefined) return problem('absent', `This version of ${name} has no ${missing}.`)
  // No type can follow a prototype that is text: each driver writes the two side by side.
  return ok(loaded.value as F)
}
