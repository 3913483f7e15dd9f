import type { OptionSpec } from './command.ts'

/** Understood by every command, before or behind its name. */
export const globalOptions: readonly OptionSpec[] = [
  { name: 'data-dir', value: 'DIR', completes: 'directory', text: 'where the history and the engine’s socket are' },
  {
    name: 'config',
    value: 'FILE',
    completes: 'file',
    text: 'settings file, instead of settings.json in the data directory',
  },
  { name: 'json', text: 'one JSON object on stdout (docs/cli.md)' },
  { name: 'quiet', short: 'q', text: 'no progress and no remarks on stderr, only problems' },
  { name: 'verbose', short: 'v', text: 'say on stderr what is done and why' },
  { name: 'path.procfs', value: 'DIR', completes: 'directory', text: 'read another machine’s or container’s /proc' },
  { name: 'path.sysfs', value: 'DIR', completes: 'directory', text: 'the same for /sys' },
  { name: 'path.rootfs', value: 'DIR', completes: 'directory', text: 'the same for /' },
  { name: 'help', short: 'h', text: 'this text' },
  { name: 'version', text: 'the version' },
]

export const watchOption: OptionSpec = { name: 'watch', text: 'repeat at every tick (1 s) until interrupted' }
