import type { Command } from '../command.ts'
import { apps } from './apps.ts'
import { calibrate } from './calibrate.ts'
import { catalogue } from './catalogue.ts'
import { completions } from './completions.ts'
import { doctor } from './doctor.ts'
import { help } from './help.ts'
import { history } from './history.ts'
import { jobs } from './jobs.ts'
import { lab } from './lab.ts'
import { meter } from './meter.ts'
import { models } from './models.ts'
import { now } from './now.ts'
import { record } from './record.ts'
import { requests } from './requests.ts'
import { run } from './run.ts'
import { servers } from './servers.ts'
import { service } from './service.ts'
import { simulate } from './simulate.ts'
import { top } from './top.ts'
import { unload } from './unload.ts'
import { users } from './users.ts'
import { version } from './version.ts'

/** In the order in which help lists them. */
export const commands: readonly Command[] = [
  ...[now, top, doctor, history],
  ...[apps, models, users, requests, servers, unload],
  ...[run, jobs, calibrate, lab],
  ...[service, meter, catalogue, record, simulate],
  ...[completions, help, version],
]
