import { ok, problem, type Result } from '../../../contract/result.ts'

/** Dearest kWh that the contract takes. */
const MOST = 10

/** "0.30", "0,30" or nothing: a price, or none. */
export function parsePrice(text: string): Result<number | null, 'badPrice'> {
  const trimmed = text.trim().replace(',', '.')
  if (trimmed === '') return ok(null)
  if (!/^\d*\.?\d+$|^\d+\.$/.test(trimmed)) return problem('badPrice', 'A price is a number, such as 0.30.')
  const price = Number(trimmed)
  if (price > MOST) return problem('badPrice', `A kWh costs at most ${MOST} here; is this the price of a whole bill?`)
  return ok(price)
}

const common = [
  'AUD',
  'BRL',
  'CAD',
  'CHF',
  'CNY',
  'CZK',
  'DKK',
  'EUR',
  'GBP',
  'HUF',
  'INR',
  'JPY',
  'KRW',
  'MXN',
  'NOK',
  'NZD',
  'PLN',
  'RON',
  'SEK',
  'SGD',
  'TRY',
  'TWD',
  'UAH',
  'USD',
  'ZAR',
]

/** Common currencies with their names, and the one that is set whatever it is. */
export function currencies(current: string): readonly { code: string; name: string }[] {
  const names = new Intl.DisplayNames('en', { type: 'currency' })
  return [...new Set([...common, current])].sort().map((code) => ({ code, name: names.of(code) ?? code }))
}
