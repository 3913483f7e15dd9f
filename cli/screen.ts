import { stripVTControlCharacters } from 'node:util'
import { clipped, widthOf } from './width.ts'

/** ECMA-48 and xterm control sequences. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
/** Synchronised output: the terminal shows a frame when it is whole; one that does not know it ignores it. */
const BEGIN_FRAME = '\x1b[?2026h\x1b[H'
const END_FRAME = '\x1b[J\x1b[?2026l'
const REST_OF_LINE = '\x1b[K\r\n'

/** q, Q, Ctrl-C, Ctrl-D. */
const QUIT_KEYS = new Set(['q', 'Q', '\x03', '\x04'])
const CTRL_L = '\x0c'
const CTRL_Z = '\x1a'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The alternate screen of a terminal. Whatever ends the program, the terminal is as it was before. */
export class Screen {
  /** Resolves when the reader wants to leave: q, Ctrl-C, or a signal that says so. */
  readonly quit: Promise<void>
  readonly #redraw: () => void
  #onQuit: () => void = () => {}
  #isEntered = false

  constructor(redraw: () => void) {
    this.#redraw = redraw
    this.quit = new Promise((resolve) => {
      this.#onQuit = resolve
    })
  }

  enter(): void {
    if (this.#isEntered) return
    this.#show()
    process.stdin.on('data', this.#onKeys)
    process.stdout.on('resize', this.#redraw)
    process.on('SIGCONT', this.#onContinue)
    process.on('exit', this.#onExit)
    for (const signal of SIGNALS) process.on(signal, this.#onQuit)
  }

  leave(): void {
    if (!this.#isEntered) return
    this.#hide()
    process.stdin.off('data', this.#onKeys).pause()
    process.stdout.off('resize', this.#redraw)
    process.off('SIGCONT', this.#onContinue)
    process.off('exit', this.#onExit)
    for (const signal of SIGNALS) process.off(signal, this.#onQuit)
  }

  /** As many lines as the window has, each cut to its width, in one write. */
  draw(lines: readonly string[]): void {
    if (!this.#isEntered) return
    const { columns = 80, rows = 24 } = process.stdout
    const visible = lines.slice(0, rows - 1).map((line) => (widthOf(line) <= columns ? line : plainCut(line, columns)))
    process.stdout.write(BEGIN_FRAME + visible.map((line) => line + REST_OF_LINE).join('') + END_FRAME)
  }

  #show(): void {
    this.#isEntered = true
    process.stdout.write(ENTER)
    if (process.stdin.isTTY) process.stdin.setRawMode(true)
    process.stdin.resume()
  }

  #hide(): void {
    this.#isEntered = false
    if (process.stdin.isTTY) process.stdin.setRawMode(false)
    process.stdout.write(LEAVE)
  }

  readonly #onKeys = (keys: Buffer): void => {
    const typed = [...keys.toString('latin1')]
    if (typed.some((key) => QUIT_KEYS.has(key))) this.#onQuit()
    else if (typed.includes(CTRL_Z)) this.#suspend()
    else if (typed.includes(CTRL_L)) this.#redraw()
  }

  /** Ctrl-Z arrives as a key, since the terminal is raw. */
  #suspend(): void {
    this.#hide()
    process.kill(process.pid, 'SIGSTOP')
  }

  readonly #onContinue = (): void => {
    if (!this.#isEntered) this.#show()
    this.#redraw()
  }

  readonly #onExit = (): void => {
    if (this.#isEntered) this.#hide()
  }
}

function plainCut(line: string, columns: number): string {
  return clipped(stripVTControlCharacters(line), columns)
}
