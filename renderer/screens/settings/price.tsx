import { useState } from 'react'
import { SettingRow } from '../../parts/setting-row.tsx'
import { type SectionProps, useChange } from './change.ts'
import { currencies, parsePrice } from './parse-price.ts'

export function Price(props: SectionProps) {
  const { settings } = props
  const price = useChange(props)
  const currency = useChange(props)
  const [problem, setProblem] = useState<string | null>(null)
  const commit = (text: string) => {
    const parsed = parsePrice(text)
    setProblem(parsed.ok ? null : parsed.reason)
    if (parsed.ok && parsed.value !== settings.pricePerKwh) price.change({ pricePerKwh: parsed.value })
  }
  return (
    <>
      <SettingRow
        title="Price per kWh"
        htmlFor="price"
        text="As on your bill, taxes included. Left empty, no cost is shown."
        saved={problem === null ? price.saved : { ok: false, reason: problem }}
      >
        <input
          id="price"
          className="input-number"
          inputMode="decimal"
          placeholder="0.30"
          defaultValue={settings.pricePerKwh ?? ''}
          aria-invalid={problem !== null}
          onBlur={(event) => commit(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && commit(event.currentTarget.value)}
        />
      </SettingRow>
      <SettingRow title="Currency" htmlFor="currency" saved={currency.saved}>
        <select
          id="currency"
          value={settings.currency}
          onChange={(event) => currency.change({ currency: event.target.value })}
        >
          {currencies(settings.currency).map(({ code, name }) => (
            <option key={code} value={code}>
              {code} {name}
            </option>
          ))}
        </select>
      </SettingRow>
    </>
  )
}
