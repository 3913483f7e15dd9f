import type { InputOf, OutputOf } from '../contract/define.ts'
import type { Contract } from '../contract/index.ts'
import { ok, problem, type Result } from '../contract/result.ts'
import { openReader, type Reader } from '../engine/ledger/reader.ts'
import { type Naming, namedRequest, namedUsers } from '../engine/named-work.ts'
import { openSettings, settingsPath } from '../engine/store/settings-file.ts'
import type { KeptQuestion } from './ask-kept.ts'
import type { Context } from './command.ts'
import { hostOf } from './machine.ts'

type Answers = {
  readonly [N in KeptQuestion]: (input: InputOf<Contract[N]>) => Result<OutputOf<Contract[N]>>
}

/** Answers from the files themselves, where no engine runs: as the engine would, but that nobody knows what is loaded now. */
export function readKept<N extends KeptQuestion>(
  context: Context,
  name: N,
  input: InputOf<Contract[N]>,
): Result<OutputOf<Contract[N]>> {
  const { args, dataDir } = context
  const reader = openReader(dataDir)
  if (!reader.ok) return reader
  const settings = openSettings(args.text('config') ?? settingsPath(dataDir)).current
  const host = hostOf(context)
  const naming: Naming = { showNames: settings.showNames, accountName: (uid) => host.userName(uid) }
  try {
    return answersFrom(reader.value, naming, settings.requestDays)[name](input)
  } finally {
    reader.value.close()
  }
}

function answersFrom(reader: Reader, naming: Naming, requestDays: number): Answers {
  return {
    apps: (range) => reader.ask('apps', range),
    models: (range) => reader.ask('models', range),
    users(range) {
      const found = reader.ask('users', range)
      return found.ok ? ok(namedUsers(found.value, naming)) : found
    },
    requests(question) {
      const found = reader.ask('requests', question as Parameters<typeof reader.ask<'requests'>>[1])
      if (!found.ok) return found
      const { rows, isComplete } = found.value
      const keptFromS = Math.floor(Date.now() / 1_000) - requestDays * 86_400
      return ok({ rows: rows.map((row) => namedRequest(row, naming)), isComplete, keptFromS })
    },
    request({ id }) {
      const found = reader.ask('request', { id })
      if (!found.ok) return found
      if (found.value === null) return problem('unknownRequest', `There is no request ${id}, or it is no longer kept.`)
      return ok(namedRequest(found.value, naming))
    },
    jobs(range) {
      const found = reader.ask('jobs', range)
      return found.ok ? ok({ rows: found.value }) : found
    },
  }
}
