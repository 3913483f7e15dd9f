import { useState } from 'react'
import type { Problem, Result } from '../../../../contract/result.ts'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { call, type Output } from '../../../client.ts'
import { Dialog } from '../../../parts/dialog.tsx'
import { continuation, type Draft, draftOf, type Field, orderOf, questionOf } from './draft.ts'
import { MeterFields } from './meter-fields.tsx'
import { Asking, Certificate, Continuation, Found, Refused } from './test-outcome.tsx'

type Outcome = { readonly key: string; readonly answer: Result<Output<'testMeter'>> }

/**
 * Sets a meter up or changes one. How it is read comes from the test, so what was asked must have been answered before it is saved; an
 * answer to other fields than those that stand there now counts no more. A certificate that nobody vouches for is accepted here first.
 */
export function MeterDialog(props: {
  meter: WallMeter | null
  /** Ids that name a history already. */
  taken: readonly string[]
  onClose: () => void
  onSaved: () => void
}) {
  const { meter, taken, onClose, onSaved } = props
  const [draft, setDraft] = useState(() => draftOf(meter))
  const [wrong, setWrong] = useState<Problem<Field> | null>(null)
  const [asking, setAsking] = useState<string | null>(null)
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [chosenUnit, setChosenUnit] = useState(meter?.options.unit ?? null)
  const [refusal, setRefusal] = useState<string | null>(null)

  const question = questionOf(draft, meter?.id ?? null)
  const key = question.ok ? JSON.stringify(question.value) : null
  const answer = outcome !== null && outcome.key === key ? outcome.answer : null
  const found = answer?.ok === true && answer.value.unknownCertificateSha256 === null ? answer.value : null
  const unknown = answer?.ok === true ? answer.value.unknownCertificateSha256 : null
  const onlyUnit = found?.units.length === 1 ? found.units[0] : undefined
  const unit = found?.units.find((one) => one.unit === chosenUnit) ?? onlyUnit ?? null
  const canSave = unit !== null

  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part })
    setWrong(null)
    setRefusal(null)
  }
  const test = async (of: Draft = draft) => {
    const asked = questionOf(of, meter?.id ?? null)
    if (!asked.ok) return setWrong(asked)
    if (asking !== null) return
    setAsking(asked.value.address)
    setOutcome(null)
    const newest = await call('testMeter', asked.value)
    setAsking(null)
    setOutcome({ key: JSON.stringify(asked.value), answer: newest })
  }
  const accept = (certificateSha256: string) => {
    change({ certificateSha256 })
    void test({ ...draft, certificateSha256 })
  }
  const save = async () => {
    if (!question.ok || unit === null) return
    const order = orderOf(draft, question.value, unit, { before: meter, taken })
    if (!order.ok) return setWrong(order)
    const saved = await call('setMeter', order.value)
    if (saved.ok) onSaved()
    else setRefusal(saved.reason)
  }
  return (
    <Dialog
      title={meter === null ? 'Add a wall meter' : `Change “${meter.name}”`}
      className="has-meter"
      onClose={onClose}
    >
      <form
        className="meter-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void (canSave ? save() : test())
        }}
      >
        <MeterFields draft={draft} meter={meter} wrong={wrong} onChange={change} />
        <div className="meter-test">
          {asking !== null && <Asking address={asking} />}
          {answer?.ok === false && (
            <Refused
              problem={answer}
              canForgetCertificate={answer.code === 'denied' && draft.certificateSha256 !== null}
              onForgetCertificate={() => change({ certificateSha256: null })}
            />
          )}
          {unknown !== null && <Certificate sha256={unknown} onAccept={() => accept(unknown)} />}
          {found !== null && <Found found={found} chosen={unit?.unit ?? null} onChoose={setChosenUnit} />}
          {meter !== null && question.ok && unit !== null && (
            <Continuation
              goesOn={continuation(meter, question.value, unit)}
              hasMoved={draft.hasMoved}
              onMoved={(hasMoved) => change({ hasMoved })}
            />
          )}
        </div>
        {refusal !== null && (
          <p className="form-problem" role="alert">
            {refusal}
          </p>
        )}
        <div className="dialog-actions">
          <p>{canSave ? '' : whatIsMissing(unknown !== null, found !== null)}</p>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          {/* Enter tests until there is something to save: a form's first submit button is the one that Enter presses. */}
          <button
            type={canSave ? 'button' : 'submit'}
            className="button"
            disabled={asking !== null}
            onClick={canSave ? () => void test() : undefined}
          >
            Test
          </button>
          <button type="submit" className="button button-primary" disabled={!canSave}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function whatIsMissing(isUnknown: boolean, isTested: boolean): string {
  if (isUnknown) return 'Compare the certificate.'
  return isTested ? 'Choose what to read.' : 'Test it, then save.'
}
