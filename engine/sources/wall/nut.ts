import { ok, type Problem, problem, type Result } from '../../../contract/result.ts'
import { GAIN } from '../uncertainty.ts'
import { contactProblem, denied } from './ask.ts'
import type { Dialect, MeterFault, MeterLine, MeterUnit } from './dialect.ts'

/**
 * A UPS or power strip at a NUT server (upsd, TCP 3493): `LIST VAR`. There is no register; watts are read, on the output side: what the UPS
 * itself loses is not in them. networkupstools.org, "net-protocol" and "nut-names"
 */
export const nut: Dialect = {
  id: 'nut',
  title: 'UPS or power strip (NUT)',
  pollMs: 5_000,
  plausibleMaxW: 20_000,
  gainRatio: GAIN.wallUps,
  estimateRatio: GAIN.wallUpsLoad,
  open: (line) => ({ look: () => look(line) }),
}

/** Of a UPS that tells volt-amperes only; office machines lie between 0.6 and 0.95. */
const ASSUMED_POWER_FACTOR = 0.7
const NAME = /^[\w.-]{1,80}$/

async function look(line: MeterLine): Promise<Result<readonly MeterUnit[], MeterFault>> {
  const { unit } = line.options
  const names = unit === undefined ? await listUps(line) : ok([unit.split('/')[0] ?? ''])
  if (!names.ok) return names
  const units: MeterUnit[] = []
  for (const name of names.value.slice(0, 8)) {
    const variables = await listVariables(line, name)
    if (!variables.ok) return variables
    units.push(...unitsOf(name, variables.value))
  }
  return ok(units)
}

async function listUps(line: MeterLine): Promise<Result<string[], MeterFault>> {
  const answer = await command(line, 'LIST UPS')
  return answer.ok ? ok([...answer.value.matchAll(/^UPS ([\w.-]{1,80}) /gm)].map(([, name = '']) => name)) : answer
}

async function listVariables(line: MeterLine, name: string): Promise<Result<Map<string, string>, MeterFault>> {
  if (!NAME.test(name)) return problem('absent', `${name} is no name of a UPS`)
  const answer = await command(line, `LIST VAR ${name}`)
  if (!answer.ok) return answer
  const variables = new Map<string, string>()
  for (const [, ups, variable, value] of answer.value.matchAll(/^VAR (\S+) (\S+) "((?:[^"\\]|\\.)*)"\s*$/gm)) {
    if (ups === name && variable !== undefined) variables.set(variable, (value ?? '').replace(/\\(.)/g, '$1'))
  }
  return ok(variables)
}

/** Name and password first, where there are any: reading needs none by default, and each command is answered by a line of its own. */
async function command(line: MeterLine, text: string): Promise<Result<string, MeterFault>> {
  const { contact, options, secret } = line
  if (secret !== null && /[\n\r"\\]/.test(`${options.user}${secret}`)) return denied()
  const login = secret === null ? '' : `USERNAME "${options.user ?? ''}"\nPASSWORD "${secret}"\n`
  const isWhole = (answer: string) => answer.includes(`\nEND ${text}\n`) || /^ERR [^\n]*\n/m.test(answer)
  const answer = await contact.exchange(`${login}${text}\n`, isWhole)
  if (!answer.ok) return contactProblem(answer)
  const fault = /^ERR ([A-Z-]{1,40})/m.exec(answer.value)?.[1]
  return fault === undefined ? answer : faultOf(fault)
}

function faultOf(code: string): Problem<MeterFault> {
  if (/^(ACCESS-DENIED|INVALID-USERNAME|INVALID-PASSWORD|USERNAME-REQUIRED|PASSWORD-REQUIRED)$/.test(code))
    return denied()
  if (code === 'UNKNOWN-UPS') return problem('absent', 'it knows no UPS of that name')
  if (code === 'DATA-STALE' || code === 'DRIVER-NOT-CONNECTED') {
    return problem('absent', 'it has lost its UPS: the cable or the driver does not answer')
  }
  return problem('broken', `it answered ${code}`)
}

function unitsOf(ups: string, variables: ReadonlyMap<string, string>): MeterUnit[] {
  const number = (name: string): number | null => {
    const text = variables.get(name)
    return text !== undefined && /^-?\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : null
  }
  const measuredW = number('ups.realpower') ?? number('output.realpower') ?? number('input.realpower')
  const outlets = [...variables.keys()].filter((name) => /^outlet\.\d{1,3}\.realpower$/.test(name))
  return [
    ...(measuredW === null ? byLoad(ups, number) : watts(ups, ups, measuredW)),
    ...outlets.flatMap((name) => {
      const place = name.replace('.realpower', '')
      return watts(`${ups}/${place}`, variables.get(`${place}.desc`) ?? place, number(name))
    }),
  ]
}

function watts(unit: string, name: string, powerW: number | null): MeterUnit[] {
  return powerW === null ? [] : [{ unit, name, powerW, energy: null, isEstimate: false }]
}

/** Load in per cent of what it is built for: watts, or volt-amperes × power factor. */
function byLoad(ups: string, number: (name: string) => number | null): MeterUnit[] {
  const [load, nominalW, nominalVa] = [number('ups.load'), number('ups.realpower.nominal'), number('ups.power.nominal')]
  const powerFactor = number('output.powerfactor') ?? ASSUMED_POWER_FACTOR
  const fullW = nominalW ?? (nominalVa === null ? null : nominalVa * powerFactor)
  if (load === null || fullW === null) return []
  return [{ unit: ups, name: ups, powerW: (load / 100) * fullW, energy: null, isEstimate: true }]
}
