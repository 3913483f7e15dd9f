/** One step of the schema: forward only, and untouched once released. `version` is the `user_version` it leads to. */
export type Migration = { readonly version: number; readonly sql: string }

export function migration(version: number, sql: string): Migration {
  return { version, sql }
}
