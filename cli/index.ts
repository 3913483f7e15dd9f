#!/usr/bin/env node
import { commands } from './commands/registry.ts'
import { main } from './main.ts'
import { endWithReader } from './terminal.ts'

endWithReader()
process.exitCode = await main(process.argv.slice(2), commands, import.meta.url)
