import { useState } from 'react'
import type { NowDomain } from '../../../../contract/now.ts'
import type { Sources } from '../../../../contract/sources.ts'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { useContract } from '../../../client.ts'
import { PowerFigure } from '../../../parts/figure.tsx'
import { useArrival } from '../../../parts/use-arrival.ts'
import { Skeleton, View } from '../../../parts/view.tsx'
import { domainStates, meterWays } from '../../../words.ts'
import { kinds } from './kinds.ts'
import { MeterDialog } from './meter-dialog.tsx'
import { RemoveDialog } from './remove-dialog.tsx'

type Open = { readonly what: 'edit'; readonly meter: WallMeter | null } | { what: 'remove'; readonly meter: WallMeter }

type KeyPlace = Sources['secretKeyPlace']

/** The meters outside the machine: what each shows, and where they are set up. */
export function WallMeters(props: { domains: readonly NowDomain[]; keyPlace: KeyPlace; isTarget: boolean }) {
  const asked = useContract('settings', {}, 'settingsChanged')
  const [open, setOpen] = useState<Open | null>(null)
  const heading = useArrival(props.isTarget)
  const taken = [...(asked.value?.wallMeters ?? []).map(({ id }) => id), ...(asked.value?.formerMeterIds ?? [])]
  const close = () => setOpen(null)
  const closeChanged = () => {
    close()
    asked.again()
  }
  return (
    <section className="block" aria-labelledby="meters-title">
      <div className="row-line">
        <h2 id="meters-title" ref={heading} tabIndex={-1} className="row-title">
          Wall meters
        </h2>
        <button
          type="button"
          className="button"
          disabled={asked.value === null}
          onClick={() => setOpen({ what: 'edit', meter: null })}
        >
          Add a meter
        </button>
      </div>
      <View of={asked} skeleton={<Skeleton heightPx={64} label="Waiting for the wall meters" />}>
        {({ wallMeters }) => (
          <>
            <MeterList
              meters={wallMeters}
              domains={props.domains}
              onChange={(meter) => setOpen({ what: 'edit', meter })}
              onRemove={(meter) => setOpen({ what: 'remove', meter })}
            />
            {wallMeters.some(({ hasSecret }) => hasSecret) && <KeyLine place={props.keyPlace} />}
          </>
        )}
      </View>
      {open?.what === 'edit' && <MeterDialog meter={open.meter} taken={taken} onClose={close} onSaved={closeChanged} />}
      {open?.what === 'remove' && <RemoveDialog meter={open.meter} onClose={close} onRemoved={closeChanged} />}
    </section>
  )
}

export function MeterList(props: {
  meters: readonly WallMeter[]
  domains: readonly NowDomain[]
  onChange: (meter: WallMeter) => void
  onRemove: (meter: WallMeter) => void
}) {
  if (props.meters.length === 0) {
    return (
      <p className="row-text">
        None is set up. A smart plug, a UPS or a server’s controller measures what counters inside the machine cannot
        see: the desktop’s losses, fans and display. It stands beside the sum and checks it.
      </p>
    )
  }
  return (
    <ul className="rows">
      {props.meters.map((meter) => (
        <MeterRow
          key={meter.id}
          meter={meter}
          domain={props.domains.find(({ id }) => id === `wall/${meter.id}`) ?? null}
          onChange={() => props.onChange(meter)}
          onRemove={() => props.onRemove(meter)}
        />
      ))}
    </ul>
  )
}

/** Where the key lies. Nothing of it where it cannot be opened: then the meters say so themselves. */
export function KeyLine(props: { place: KeyPlace }) {
  if (props.place === null) return null
  return (
    <p className="facts">
      {props.place === 'keyring'
        ? 'Passwords are kept encrypted; their key is in the desktop’s keyring.'
        : 'Passwords are kept encrypted; their key is in a file that only your account can read.'}
    </p>
  )
}

const marks = { measuring: 'measuring', pending: 'asleep', asleep: 'asleep', failing: 'broken' } as const

function MeterRow(props: { meter: WallMeter; domain: NowDomain | null; onChange: () => void; onRemove: () => void }) {
  const { meter, domain } = props
  const state = domain?.state ?? 'pending'
  return (
    <li className="row source" data-meter={meter.id}>
      <div className="row-line">
        <span className="state-mark" data-state={marks[state]}>
          {sentenceCase(domainStates[state])}
        </span>
        <h3 className="row-title">{meter.name}</h3>
        <PowerFigure
          powerW={domain?.powerW ?? null}
          provenance={domain?.provenance ?? meter.provenance}
          uncertainty={domain?.uncertainty ?? null}
          reason={domain?.reason ?? domainStates[state]}
        />
        <button
          type="button"
          className="button button-small"
          aria-label={`Change ${meter.name}`}
          onClick={props.onChange}
        >
          Change
        </button>
        <button
          type="button"
          className="button button-small"
          aria-label={`Remove ${meter.name}`}
          onClick={props.onRemove}
        >
          Remove
        </button>
      </div>
      <p className="row-text">
        {kinds[meter.dialect].title} · <code>{meter.address}</code> · {meterWays[meter.provenance]}
      </p>
      {domain !== null && domain.reason !== null && <p className="row-text">{domain.reason}</p>}
    </li>
  )
}

function sentenceCase(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
