/** The same of the metering proxy. */
export function meterFile(entry: string): URL {
  return new URL(entry.endsWith('.ts') ? '../engine/meter/child.ts' : '../engine/meter.mjs', entry)
}

/** The bundle keeps the query thread beside the engine; run from the sources it is the source itself. */
export function queryThreadFile(entry: string): URL {
  return new URL(entry.endsWith('.ts') ? '../engine/ledger/query-thread.ts' : '../engine/query-thread.mjs', entry)
}
