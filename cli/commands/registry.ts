import type { Command } from '../command.ts'
import { calibrate } from './calibrate.ts'
import { catalogue } from './catalogue.ts'
import { completions } from './completions.ts'
import { doctor } from './doctor.ts'
import { help } from './help.ts'
import { history } from './history.ts'
import { lab } from './lab.ts'
import { meter } from './meter.ts'
import { now } from './now.ts'
import { record } from './record.ts'
import { run } from './run.ts'
import { service } from './service.ts'
import { simulate } from './simulate.ts'
import { top } from './top.ts'
import { version } from './version.ts'

/** In the order in which help lists them. */
export const commands: readonly Command[] = [
  ...[now, top, doctor, history, run, calibrate, lab],
  ...[service, meter, catalogue, record, simulate],
  ...[completions, help, version],
]
