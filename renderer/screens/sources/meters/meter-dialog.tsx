import { useState } from 'react'
import type { Problem, Result } from '../../../../contract/result.ts'
import type { WallMeter } from '../../../../contract/wall-meter.ts'
import { call, type Output } from '../../../client.ts'
import { Dialog } from '../../../parts/dialog.tsx'
import { type Draft, draftOf, type Field, freshId, meterOf, questionOf } from './draft.ts'
import { MeterFields } from './meter-fields.tsx'
import { Asking, Found, Refused } from './test-outcome.tsx'

type Outcome = { readonly key: string; readonly answer: Result<Output<'testMeter'>> }

/**
 * Sets a meter up or changes one. How it is read comes from the test, so what was asked must have been answered before it is saved; an
 * answer to other fields than those that stand there now counts no more.
 */
export function MeterDialog(props: {
  meter: WallMeter | null
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
  const [accepted, setAccepted] = useState<string | null>(meter?.options.certificateSha256 ?? null)
  const [refusal, setRefusal] = useState<string | null>(null)

  const question = questionOf(draft, meter?.id ?? null)
  const key = question.ok ? JSON.stringify(question.value) : null
  const answer = outcome !== null && outcome.key === key ? outcome.answer : null
  const found = answer?.ok === true ? answer.value : null
  const onlyUnit = found?.units.length === 1 ? found.units[0] : undefined
  const unit = found?.units.find((one) => one.unit === chosenUnit) ?? onlyUnit ?? null
  const isAccepted = found !== null && (found.certificateSha256 === null || found.certificateSha256 === accepted)
  const canSave = unit !== null && isAccepted

  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part })
    setWrong(null)
    setRefusal(null)
  }
  const test = async () => {
    if (!question.ok) return setWrong(question)
    if (asking !== null) return
    const asked = JSON.stringify(question.value)
    setAsking(question.value.address)
    setOutcome(null)
    const newest = await call('testMeter', question.value)
    setAsking(null)
    setOutcome({ key: asked, answer: newest })
  }
  const save = async () => {
    if (!question.ok || found === null || unit === null) return
    const id = meter?.id ?? freshId(draft.name, taken)
    const whole = meterOf(draft, question.value, { unit, certificateSha256: found.certificateSha256 }, id)
    if (!whole.ok) return setWrong(whole)
    const saved = await call('setMeter', { meter: whole.value, secret: question.value.secret })
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
          {found !== null && (
            <Found
              found={found}
              chosen={unit?.unit ?? null}
              isAccepted={isAccepted}
              isKept={found.certificateSha256 === draft.certificateSha256}
              onChoose={setChosenUnit}
              onAccept={(isYes) => setAccepted(isYes ? found.certificateSha256 : null)}
            />
          )}
        </div>
        {refusal !== null && (
          <p className="form-problem" role="alert">
            {refusal}
          </p>
        )}
        <div className="dialog-actions">
          <p>{canSave ? '' : whatIsMissing(found !== null, unit !== null)}</p>
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

function whatIsMissing(isTested: boolean, isChosen: boolean): string {
  if (!isTested) return 'Test it, then save.'
  return isChosen ? 'Compare the certificate.' : 'Choose what to read.'
}
