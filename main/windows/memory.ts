import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

/** What the app itself remembers: nothing that a person would call a setting. */
const Remembered = z.object({
  dashboard: z
    .object({
      x: z.int(),
      y: z.int(),
      width: z.int().positive(),
      height: z.int().positive(),
      isMaximized: z.boolean(),
    })
    .nullable()
    .default(null),
  /** That this desktop has no tray was said; saying it at each login would be a nuisance. */
  toldOfMissingTray: z.boolean().default(false),
})
export type Remembered = z.infer<typeof Remembered>

const NOTHING: Remembered = { dashboard: null, toldOfMissingTray: false }

/** A small file. One that cannot be read counts as empty, one that cannot be written costs a window its place. */
export class AppMemory {
  readonly #file: string
  #remembered: Remembered | null = null

  constructor(file: string) {
    this.#file = file
  }

  read(): Remembered {
    this.#remembered ??= readRemembered(this.#file)
    return this.#remembered
  }

  change(part: Partial<Remembered>): void {
    this.#remembered = { ...this.read(), ...part }
    try {
      const fresh = `${this.#file}.new`
      writeFileSync(fresh, JSON.stringify(this.#remembered), { mode: 0o600 })
      renameSync(fresh, this.#file)
    } catch (error) {
      console.error(`The window's place could not be remembered: ${String(error)}`)
    }
  }
}

function readRemembered(file: string): Remembered {
  try {
    return Remembered.catch(NOTHING).parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return NOTHING
  }
}
