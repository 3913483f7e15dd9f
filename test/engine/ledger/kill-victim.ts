import { writeSync } from 'node:fs'
import { openLedger } from '../../../engine/ledger/ledger.ts'
import { cpu, domainsAndApps, gemma, interval, modelInterval, output, qwen } from './records.ts'

/** Writes 10 s after 10 s as fast as it can, and says after each flush which ones the file has acknowledged; its parent kills it. */
const [directory = '', start = ''] = process.argv.slice(2)
const startS = Number(start)
const opened = openLedger({ directory, timeZone: 'Europe/Berlin', nowS: startS, synchronous: 'full' })
if (!opened.ok) throw new Error(opened.reason)
const { ledger } = opened.value
if (opened.value.notices.length > 0) throw new Error(opened.value.notices[0]?.text)
for (const domain of domainsAndApps.domains) ledger.describeDomain(domain)
for (const app of domainsAndApps.apps) ledger.describeApp(app)
for (const model of domainsAndApps.models) ledger.describeModel(model)
for (let atS = startS; ; atS += 10) {
  for (let second = 0; second < 10; second++) {
    const parts = { idleMj: 10, shares: { ollama: { activeMj: 90 } } }
    const drawn = interval(cpu, [atS + second, atS + second + 1], parts)
    ledger.record(drawn)
    ledger.recordModels(modelInterval(drawn, [qwen, gemma]))
  }
  ledger.recordOutput(output(atS, { outputTokens: 10 }))
  const flushed = ledger.flush(atS + 10)
  if (!flushed.ok) throw new Error(flushed.reason)
  // Not process.stdout: what a full pipe does not take it would queue in memory, and the kill would lose it.
  writeSync(1, `${atS + 10}\n`)
}
