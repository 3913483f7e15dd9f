/** What sort of question it is, by what it says of itself: answers of one sort look alike. */
export function questionKind(question: unknown): string {
  if (typeof question !== 'object' || question === null) return ''
  return Object.entries(question)
    .flatMap(([key, value]) => (typeof value === 'boolean' || key === 'kind' ? [`${key}=${String(value)}`] : []))
    .join(' ')
}
