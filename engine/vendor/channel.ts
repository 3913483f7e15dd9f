/** Descriptor of the channel in the vendor process: 0 to 2 are left to what a driver library may print. */
export const CHANNEL = 3
/** Characters of a line. Eight GPUs with a hundred processes on each answer with a hundredth of it. */
export const LONGEST_LINE = 4_000_000

/** Cuts what comes in pieces into lines: `take` hears each without its end. `refuse` hears once of a line that is too long, and nothing is heard after that. */
export function lineCutter(take: (line: string) => void, refuse: () => void): (piece: string) => void {
  let begun = ''
  let isRefused = false
  return (piece) => {
    if (isRefused) return
    const lines = (begun + piece).split('\n')
    begun = lines.pop() ?? ''
    isRefused = begun.length > LONGEST_LINE || lines.some((line) => line.length > LONGEST_LINE)
    if (isRefused) return refuse()
    for (const line of lines) take(line)
  }
}
