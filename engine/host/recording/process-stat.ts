/** Fields of /proc/PID/stat that tell whose time it is: the rest is 0, addresses above all. The name is replaced. */
const STAT_FIELDS = new Set([3, 4, 9, 14, 15, 16, 17, 18, 19, 20, 22, 24, 38, 39])

/** `null` where the text is no such line. */
export function cleanProcessStat(text: string, name: string): string | null {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
  const pid = text.slice(0, Math.max(0, open)).trim()
  if (!/^\d+$/.test(pid) || close < open) return null
  const fields = text
    .slice(close + 2)
    .trimEnd()
    .split(' ')
  const kept = fields.map((field, index) =>
    STAT_FIELDS.has(index + 3) && /^(-?\d{1,20}|[A-Za-z])$/.test(field) ? field : '0',
  )
  return `${pid} (${name}) ${kept.join(' ')}\n`
}

export function commOf(text: string): string {
  return text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
}
