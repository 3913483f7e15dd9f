import { type ReactElement, type ReactNode, useId } from 'react'
import type { Problem } from '../../../../contract/result.ts'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import type { Draft, Field } from './draft.ts'
import { type Kind, kinds, quantities } from './kinds.ts'

type FieldsProps = {
  draft: Draft
  meter: WallMeter | null
  wrong: Problem<Field> | null
  onChange: (part: Partial<Draft>) => void
}

/** Name, kind, address, login, and what some kinds want beside. */
export function MeterFields(props: FieldsProps) {
  const { draft, meter, onChange } = props
  const kind = kinds[draft.dialect]
  return (
    <>
      <TextField {...props} field="name" label="Name" placeholder="Desk plug" maxLength={60} isFirst />
      <Labelled label="Kind" text={meter === null ? undefined : 'Another kind is another meter: add a new one.'}>
        {(id, textId) => (
          <select
            id={id}
            aria-describedby={textId}
            value={draft.dialect}
            disabled={meter !== null}
            onChange={(event) => {
              const dialect = dialectOf(event.target.value)
              if (dialect !== null) onChange({ dialect, certificateSha256: null })
            }}
          >
            {Object.entries(kinds).map(([dialect, { title }]) => (
              <option key={dialect} value={dialect}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      <TextField {...props} field="address" label="Address" placeholder={kind.example} maxLength={250} />
      {kind.topic !== null && (
        <TextField {...props} field="topic" label={kind.topic.label} text={kind.topic.text} maxLength={120} />
      )}
      <Login {...props} kind={kind} />
      {kind.unit !== null && (
        <TextField {...props} field="unit" label={kind.unit.label} text={kind.unit.text} maxLength={400} />
      )}
      {kind.isMetric && <Metric {...props} />}
    </>
  )
}

function Login(props: FieldsProps & { kind: Kind }) {
  const { draft, meter, kind, onChange } = props
  const { user, secret } = kind
  const forgetId = useId()
  return (
    <>
      {user !== null && (
        <Labelled label={user.label}>
          {(id) => (
            <input
              id={id}
              value={draft.user}
              placeholder={user.placeholder}
              maxLength={100}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => onChange({ user: event.target.value })}
            />
          )}
        </Labelled>
      )}
      <Labelled label={secret.label} text={secret.text}>
        {(id, textId) => (
          <input
            id={id}
            type="password"
            aria-describedby={textId}
            value={draft.secret}
            placeholder={meter?.hasSecret === true && !draft.forgetsSecret ? 'kept; type to replace' : ''}
            maxLength={4_000}
            autoComplete="off"
            disabled={draft.forgetsSecret}
            onChange={(event) => onChange({ secret: event.target.value })}
          />
        )}
      </Labelled>
      {meter?.hasSecret === true && (
        <div className="field">
          <label className="check field-check" htmlFor={forgetId}>
            <input
              id={forgetId}
              type="checkbox"
              checked={draft.forgetsSecret}
              onChange={(event) => onChange({ forgetsSecret: event.target.checked, secret: '' })}
            />
            <span>Forget the kept {secret.label.toLowerCase()}</span>
          </label>
        </div>
      )}
    </>
  )
}

function Metric(props: FieldsProps) {
  const { draft, wrong, onChange } = props
  return (
    <>
      <TextField {...props} field="path" label="Page" placeholder="/metrics" maxLength={201} />
      <Labelled label="It counts" wrong={wrong?.code === 'quantity' ? wrong.reason : undefined}>
        {(id, textId) => (
          <select
            id={id}
            aria-describedby={textId}
            value={draft.quantity}
            onChange={(event) => onChange({ quantity: quantityOf(event.target.value) })}
          >
            <option value="">Choose</option>
            {Object.entries(quantities).map(([quantity, title]) => (
              <option key={quantity} value={quantity}>
                {title}
              </option>
            ))}
          </select>
        )}
      </Labelled>
    </>
  )
}

function TextField(
  props: FieldsProps & {
    field: Exclude<Field, 'quantity'>
    label: string
    text?: string
    placeholder?: string
    maxLength: number
    isFirst?: boolean
  },
) {
  const { draft, wrong, onChange, field, label, text, placeholder, maxLength, isFirst = false } = props
  const reason = wrong?.code === field ? wrong.reason : undefined
  return (
    <Labelled label={label} text={text} wrong={reason}>
      {(id, textId) => (
        <input
          id={id}
          aria-describedby={textId}
          aria-invalid={reason !== undefined}
          value={draft[field]}
          placeholder={placeholder}
          maxLength={maxLength}
          autoComplete="off"
          spellCheck={false}
          data-first-focus={isFirst ? '' : undefined}
          onChange={(event) =>
            // A certificate that was kept says nothing of another address.
            onChange({ [field]: event.target.value, ...(field === 'address' && { certificateSha256: null }) })
          }
        />
      )}
    </Labelled>
  )
}

/** A label, its control, and below it what it means or what is wrong with it. */
function Labelled(props: {
  label: string
  text?: string | undefined
  wrong?: string | undefined
  children: (id: string, textId: string | undefined) => ReactElement
}): ReactNode {
  const { label, text, wrong, children } = props
  const id = useId()
  const below = wrong ?? text
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id, below === undefined ? undefined : `${id}-text`)}
      {below !== undefined && (
        <p id={`${id}-text`} className={wrong === undefined ? 'field-text' : 'field-text form-problem'}>
          {below}
        </p>
      )}
    </div>
  )
}

function dialectOf(text: string): Draft['dialect'] | null {
  return isKeyOf(kinds, text) ? text : null
}

function quantityOf(text: string): Draft['quantity'] {
  return isKeyOf(quantities, text) ? text : ''
}

function isKeyOf<T extends object>(table: T, text: string): text is Extract<keyof T, string> {
  return Object.hasOwn(table, text)
}
