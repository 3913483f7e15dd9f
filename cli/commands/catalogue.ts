import type { Command } from '../command.ts'
import { EXIT, exitCodeOf } from '../exit.ts'
import { reachEngine } from '../reach.ts'
import type { CatalogueJson } from '../shapes.ts'
import { type Column, table } from '../table.ts'

const columns: readonly Column<CatalogueJson['apps'][number]>[] = [
  { title: 'ID', text: (app) => app.id },
  { title: 'NAME', text: (app) => app.name },
  { title: 'CATEGORY', text: (app) => app.category },
  { title: 'MODEL RUNS', text: (app) => (app.local ? 'here' : 'elsewhere') },
  { title: 'FROM', text: (app) => app.source },
  { title: 'MATCHED BY', isElastic: true, text: (app) => app.match.join(', ') },
]

export const catalogue: Command = {
  name: 'catalogue',
  summary: 'the AI apps that are recognised, and by what',
  about: [
    'Lists the built-in entries and your own rules. A rule file with a mistake is reported with file, line and what was expected; the other entries still hold.',
  ],
  options: [],
  examples: [
    { line: 'perwatt catalogue' },
    { line: 'perwatt catalogue --json | jq \'.apps[] | select(.source == "user")\'' },
  ],
  async run(context) {
    const { args, terminal } = context
    const reached = await reachEngine(context)
    if (!reached.ok) {
      terminal.complain(reached)
      return exitCodeOf(reached)
    }
    const answer = await reached.value.client.call('catalogue', {})
    await reached.value.close()
    if (!answer.ok) {
      terminal.complain(answer)
      return exitCodeOf(answer)
    }
    const json: CatalogueJson = { schema: 'perwatt.catalogue/1', ...answer.value }
    if (args.has('json')) terminal.printJson(json)
    else terminal.print(table(columns, json.apps, { width: terminal.columns }).join('\n'))
    if (json.rulesProblem === null) return EXIT.done
    terminal.complain({ ok: false, code: 'badRules', reason: json.rulesProblem, remedy: null })
    return EXIT.failed
  },
}
