import type { SourceStatus, Sources } from '../../contract/sources.ts'
import type { Command, Context } from '../command.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { isoTime, plusMinus, power } from '../format.ts'
import { noticeLines } from '../now-view.ts'
import { type Reached, reachEngine } from '../reach.ts'
import type { DoctorJson } from '../shapes.ts'
import type { Terminal, Tone } from '../terminal.ts'
import { firstNow, withProgress } from '../ticks.ts'
import { printable } from '../width.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'what can be measured here, what cannot, and what mends it',
  about: [
    'Goes through every source of power figures and says what it reads, or why it reads nothing. absent: this machine has none. hidden: a container or virtual machine keeps it away. denied: a permission is missing; the line below it grants it and lasts over a reboot. broken: it gave nonsense.',
    'Exits 0 where at least one source measures; else 4 where a permission is missing, 3 where there is nothing to measure.',
  ],
  options: [],
  examples: [
    {
      line: 'perwatt doctor',
      output: `AMD EPYC, 2 logical CPUs, Debian GNU/Linux 12, vm
Engine: not running. History in /home/ada/.local/share/perwatt.

✓ estimate  measuring  Estimate from load
    cpu/0  CPU  ≈ 5.1 W ± 2
– rapl      absent     Intel and AMD energy counters
    This machine shows no RAPL counters; virtual machines rarely do.`,
    },
    { line: 'perwatt doctor --json | jq -r \'.sources[] | select(.state == "denied") | .remedy\'' },
  ],
  async run(context) {
    const reached = await withProgress(context, 'Looking at every source …', reachEngine(context))
    if (!reached.ok) {
      context.terminal.complain(reached)
      return exitCodeOf(reached)
    }
    try {
      return await examine(context, reached.value)
    } finally {
      await reached.value.close()
    }
  },
}

async function examine(context: Context, reached: Reached): Promise<ExitCode> {
  // Where a tick is never complete, the sources still say why.
  const tick = await withProgress(context, 'Looking at every source …', firstNow(reached.client))
  const sources = await reached.client.call('sources', {})
  if (!sources.ok) {
    context.terminal.complain(sources)
    return exitCodeOf(sources)
  }
  const json = doctorJson(context, reached, sources.value, tick.ok ? tick.value.notices : [])
  if (context.args.has('json')) context.terminal.printJson(json)
  else context.terminal.print(doctorLines(json, context.terminal).join('\n'))
  if (json.sources.some((source) => source.state === 'measuring')) return EXIT.done
  return json.sources.some((source) => source.state === 'denied') ? EXIT.denied : EXIT.noSource
}

function doctorJson(
  { dataDir }: Context,
  { hello }: Reached,
  { sources, machine, findings }: Sources,
  notices: DoctorJson['notices'],
): DoctorJson {
  return {
    schema: 'perwatt.doctor/1',
    at: isoTime(Math.floor(Date.now() / 1_000)),
    dataDir,
    engine: {
      state: hello === null ? 'notRunning' : 'running',
      pid: hello?.pid ?? null,
      version: hello?.version ?? null,
    },
    machine,
    sources: sources.map(sourceJson),
    findings,
    notices,
  }
}

function sourceJson({ remedy: _, remedyText, lastReadS, ...source }: SourceStatus): DoctorJson['sources'][number] {
  return { ...source, remedy: remedyText, lastReadAt: lastReadS === null ? null : isoTime(lastReadS) }
}

const MARKS: Readonly<Record<SourceStatus['state'], readonly [mark: string, tone: Tone]>> = {
  measuring: ['✓', 'good'],
  asleep: ['✓', 'good'],
  absent: ['–', 'dim'],
  hidden: ['–', 'warn'],
  denied: ['!', 'warn'],
  broken: ['✗', 'bad'],
}

function doctorLines(doctor: DoctorJson, terminal: Terminal): string[] {
  const { machine, engine } = doctor
  const facts = [machine.cpuModel, `${machine.logicalCpus} logical CPUs`, machine.osName, machine.virtualisation]
  const idWidth = Math.max(...doctor.sources.map((source) => source.id.length), 0)
  const running = engine.state === 'running' ? `running (version ${engine.version}, pid ${engine.pid})` : 'not running'
  return [
    printable(facts.filter((fact) => fact !== null && fact !== 'none').join(', ')),
    printable(`Engine: ${running}. History in ${doctor.dataDir}.`),
    '',
    ...doctor.sources.flatMap((source) => sourceLines(source, idWidth, terminal)),
    ...doctor.findings.flatMap((finding) => ['', `${finding.text} (${finding.count} ×)`]),
    ...(doctor.notices.length > 0 ? ['', ...noticeLines(doctor.notices, terminal)] : []),
  ]
}

function sourceLines(source: DoctorJson['sources'][number], idWidth: number, terminal: Terminal): string[] {
  const [mark, tone] = MARKS[source.state]
  return [
    `${terminal.tone(tone, mark)} ${source.id.padEnd(idWidth)}  ${terminal.tone(tone, source.state.padEnd(9))}  ${source.title}`,
    ...source.domains.map((domain) => {
      const reading = domain.reason ?? `${power(domain.powerW, domain)} ${plusMinus(domain.powerW, domain.uncertainty)}`
      return printable(`    ${domain.id}  ${domain.name}  ${reading}`.trimEnd())
    }),
    ...(source.reason === null ? [] : [`    ${printable(source.reason)}`]),
    ...(source.remedy === null ? [] : [`    ${terminal.tone('dim', 'To mend it:')} ${source.remedy}`]),
  ]
}
