import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Delivered } from '../../contract/models.ts'
import { problem, type Result } from '../../contract/result.ts'
import type { Simulation } from '../../engine/simulate.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { energy, isoTime, plusMinusPct, share } from '../format.ts'
import type { TruthRow } from '../rig-truth.ts'
import type { Playable } from '../rigs.ts'
import { type Column, table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import { VERSION } from '../version.ts'

export const simulate: Command = {
  name: 'simulate',
  summary: 'play a made-up or recorded machine through the engine',
  about: [
    'RIG is a machine written in JSON (docs/rigs.md), a recording (.rec), or the name of a shipped rig (--list). It is played under a clock of its own, so that a week takes seconds. A rig knows its own truth: the result says how far from it each figure is.',
    'With --data-dir the history is kept there, and every other command works on it. A TypeScript rig (.ts) is code: it runs because you name it here.',
  ],
  options: [{ name: 'list', text: 'the rigs that are shipped' }],
  operand: { name: 'RIG', required: false, completes: 'file' },
  examples: [
    {
      line: 'perwatt simulate rapl-laptop',
      output: `APP          MEASURED          TRUE      OFF
Ollama       6.11 Wh  ± 9 %    6.11 Wh   −0.0 %
Claude Code  0.42 Wh  ± 32 %   0.42 Wh   −0.1 %`,
    },
    {
      line: 'perwatt simulate week.json --data-dir /tmp/week && perwatt history --data-dir /tmp/week --by day --since 2026-11-16',
    },
  ],
  async run(context) {
    if (context.args.has('list')) return list(context)
    const [name] = context.args.operands
    if (name === undefined) {
      context.terminal.complain(problem('badInput', 'perwatt simulate needs RIG. See perwatt simulate --list.'))
      return EXIT.usage
    }
    const { openPlayable } = await import('../rigs.ts')
    const playable = await openPlayable(name, rigsDirectory(context))
    if (!playable.ok) {
      context.terminal.complain(playable)
      return exitCodeOf(playable)
    }
    const result = await playIn(context, playable.value)
    if (!result.ok) {
      context.terminal.complain(result)
      return exitCodeOf(result)
    }
    const truth = playable.value.truth(result.value)
    if (context.args.has('json')) context.terminal.printJson(simulateJson(playable.value, result.value, truth))
    else context.terminal.print(lines(playable.value, result.value, truth, context.terminal).join('\n'))
    return EXIT.done
  },
}

/** Beside the sources, from the sources and from the bundle alike. */
function rigsDirectory({ entry }: Context): string {
  return fileURLToPath(new URL(entry.endsWith('.ts') ? '../test/rigs' : '../../test/rigs', entry))
}

async function list(context: Context): Promise<ExitCode> {
  const { listRigs } = await import('../rigs.ts')
  const rigs = listRigs(rigsDirectory(context))
  if (context.args.has('json')) context.terminal.printJson({ schema: 'perwatt.rigs/1', rigs })
  else context.terminal.print(rigs.map((rig) => `${rig.name.padEnd(20)} ${rig.title}`).join('\n'))
  return EXIT.done
}

/** A made-up machine never gets into a history that is there already: nobody could tell them apart again. */
async function playIn(context: Context, { player, timeZone }: Playable): Promise<Result<Simulation>> {
  const { terminal } = context
  const isKept = context.args.text('data-dir') !== null
  if (isKept && existsSync(join(context.dataDir, 'ledger.sqlite')))
    return problem('ledgerUnusable', `${context.dataDir} holds a history already; name a new directory.`)
  const dataDir = isKept ? context.dataDir : mkdtempSync(join(tmpdir(), 'perwatt-simulate-'))
  try {
    const { simulate: play } = await import('../../engine/simulate.ts')
    const onProgress = (doneRatio: number) => terminal.progress(`${Math.round(doneRatio * 100)} %`)
    return await play(player, { version: VERSION, dataDir, timeZone, onProgress })
  } finally {
    terminal.progress('')
    if (!isKept) rmSync(dataDir, { recursive: true, force: true })
  }
}

function simulateJson({ name }: Playable, { byApp, byDomain, ...run }: Simulation, truth: readonly TruthRow[]) {
  const { coverageRatio, measuredMj, attributedMj, idleMj, otherMj, overheadMj } = byApp
  return {
    schema: 'perwatt.simulate/1',
    rig: name,
    from: isoTime(run.fromS),
    to: isoTime(run.toS),
    ticks: run.ticks,
    cpuMs: run.cpuMs,
    coverageRatio,
    truth,
    domains: byDomain.rows.flatMap(({ key, domain, provenance, energyMj }) =>
      domain === null ? [] : [{ id: key, kind: domain.kind, provenance, energyMj }],
    ),
    apps: byApp.rows,
    models: run.models.map(({ id, app, energyMj, activeMj, idleMj, delivered }) => ({
      ...{ id, app, energyMj, activeMj, idleMj, output: outputOf(delivered) },
    })),
    users: run.users.map(({ id, energyMj, delivered }) => ({ id, energyMj, output: outputOf(delivered) })),
    ...{ measuredMj, attributedMj, idleMj, otherMj, overheadMj },
    episodes: [],
    insights: [],
    gaps: byApp.gaps.map((gap) => ({ from: isoTime(gap.fromS), to: isoTime(gap.toS), reason: gap.cause })),
  }
}

function outputOf({ outputTokens, remoteTokens, requests, images, audioMs }: Delivered) {
  return { tokens: outputTokens, remoteTokens, requests, images, audioS: audioMs === null ? null : audioMs / 1_000 }
}

function lines(
  { title }: Playable,
  { byApp, ticks, cpuMs }: Simulation,
  truth: readonly TruthRow[],
  terminal: Terminal,
): string[] {
  const columns: readonly Column<TruthRow>[] = [
    { title: 'WHAT', text: (row) => row.what },
    { title: '', isElastic: true, text: (row) => row.key },
    { title: 'MEASURED', align: 'right', text: (row) => energy(row.measuredMj, row) },
    { title: '', text: (row) => plusMinusPct(row.uncertainty) },
    { title: 'TRUE', align: 'right', text: (row) => energy(Math.round(row.trueMj)) },
    { title: 'OFF', align: 'right', text: (row) => off(row) },
    { title: 'BY', text: (row) => row.provenance ?? '' },
  ]
  const head = `${title}: ${ticks} ticks in ${(cpuMs / 1_000).toFixed(1)} s of CPU, ${share(byApp.coverageRatio)} covered`
  if (truth.length === 0) {
    const rows = byApp.rows.map(
      (row): TruthRow => ({
        what: 'app',
        key: row.key,
        trueMj: 0,
        measuredMj: row.energyMj,
        uncertainty: row.uncertainty,
        estimatedRatio: row.estimatedRatio,
        provenance: row.provenance,
      }),
    )
    return [head, '', ...table(columns.slice(0, 4), rows, { width: terminal.columns })]
  }
  return [head, '', ...table(columns, truth, { width: terminal.columns })]
}

function off({ trueMj, measuredMj }: TruthRow): string {
  if (trueMj === 0) return measuredMj === 0 ? '0' : '–'
  const pct = (measuredMj / trueMj - 1) * 100
  return `${pct < 0 ? '−' : '+'}${Math.abs(pct).toFixed(1)} %`
}
