/** Progress goes to stderr: stdout carries only what was asked for, so `perwatt now --json` can be piped from a clone. */
/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** An expected end: said in words, without a stack. Exit codes are those of `perwatt --help`: 1 failed, 4 not permitted. */
export class Stop extends Error {
  /**
   * @param {string} reason
   * @param {number} [exitCode]
   */
  constructor(reason, exitCode = 1) {
    super(reason)
    this.exitCode = exitCode
  }
}

/** @param {() => Promise<number>} main returns the exit code */
export async function runMain(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    say(error.message)
    process.exitCode = error.exitCode
  }
}
