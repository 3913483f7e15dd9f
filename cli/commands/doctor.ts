import { type Problem, problem } from '../../contract/result.ts'
import type { Settings } from '../../contract/settings.ts'
import type { SourceStatus } from '../../contract/sources.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, Context } from '../command.ts'
import { examine } from '../examine.ts'
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts'
import { plusMinus, power } from '../format.ts'
import { noticeLines } from '../now-view.ts'
import { reachEngine } from '../reach.ts'
import type { DoctorJson } from '../shapes.ts'
import type { Terminal, Tone } from '../terminal.ts'
import { withProgress } from '../ticks.ts'
import { printable } from '../width.ts'

export const doctor: Command = {
  name: 'doctor',
  summary: 'what can be measured here, what cannot, and what mends it',
  about: [
    'Goes through every source of power figures and says what it reads, or why it reads nothing. absent: this machine has none. hidden: a container or virtual machine keeps it away. denied: a permission is missing; the line below it grants it and lasts over a reboot. broken: it gave nonsense.',
    'Exits 0 where at least one source measures; else 4 where a permission is missing, 3 where there is nothing to measure.',
    'With --report: the same with versions, the parts that the kernel lists and the settings, as one JSON object. Names of hosts, users and meters, home paths, serial numbers and network addresses are replaced by stand-ins such as <user-1>. On a terminal it is shown first, and saved (0600) when you say so; with --yes or in a pipe it goes to --output, or to stdout. Exits 0 when it was made.',
  ],
  options: [
    { name: 'report', text: 'a bundle for a bug report, shown before it is saved' },
    { name: 'output', short: 'o', value: 'FILE', completes: 'file', text: 'with --report: where to save it' },
    { name: 'yes', text: 'with --report: do not ask' },
  ],
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
    { line: 'perwatt doctor --report' },
    { line: 'perwatt doctor --json | jq -r \'.sources[] | select(.state == "denied") | .remedy\'' },
  ],
  async run(context) {
    const misuse = misuseOf(context.args)
    if (misuse !== null) return refuse(context, misuse)
    const isReport = context.args.has('report')
    const reached = await withProgress(context, 'Looking at every source …', reachEngine(context))
    if (!reached.ok) return refuse(context, reached)
    const { client, close } = reached.value
    let settings: Settings | null = null
    let examined: Awaited<ReturnType<typeof examine>>
    try {
      examined = await examine(context, reached.value)
      const answer = isReport ? await client.call('settings', {}) : null
      settings = answer?.ok === true ? answer.value : null
    } finally {
      await close()
    }
    if (!examined.ok) return refuse(context, examined)
    return isReport ? reportTo(context, examined.value, settings) : tell(examined.value, context)
  },
}

function refuse({ terminal }: Context, why: Problem): ExitCode {
  terminal.complain(why)
  return exitCodeOf(why)
}

function misuseOf(args: Arguments): Problem | null {
  const alone = ['output', 'yes'].find((name) => args.has(name))
  if (alone === undefined || args.has('report')) return null
  return problem('badInput', `--${alone} belongs to --report: perwatt doctor --report.`)
}

function tell(json: DoctorJson, { args, terminal }: Context): ExitCode {
  if (args.has('json')) terminal.printJson(json)
  else terminal.print(doctorLines(json, terminal).join('\n'))
  if (json.sources.some((source) => source.state === 'measuring')) return EXIT.done
  return json.sources.some((source) => source.state === 'denied') ? EXIT.denied : EXIT.noSource
}

/** Loaded only here: it reads the machine itself, also where an engine answers. */
async function reportTo(context: Context, json: DoctorJson, settings: Settings | null): Promise<ExitCode> {
  const { reportOf } = await import('../report/report.ts')
  const { offerReport } = await import('../report/offer.ts')
  const offered = await offerReport(context, await reportOf(context, json, settings))
  if (offered.ok) return EXIT.done
  context.terminal.complain(offered)
  return exitCodeOf(offered)
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
