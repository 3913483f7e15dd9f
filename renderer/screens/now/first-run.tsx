import { useState } from 'react'
import { figureText, formatPower, formatRatio } from '../../../contract/format.ts'
import type { Now } from '../../../contract/now.ts'
import type { SourceStatus } from '../../../contract/sources.ts'
import { call, useContract } from '../../client.ts'
import { Command } from '../../parts/copy-button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { PowerFigure } from '../../parts/figure.tsx'

/** The first sight of the app: the number, how it is known, the one step that would measure it, and whether to start at login. */
export function FirstRun(props: { now: Now }) {
  const { machine } = props.now
  const sources = useContract('sources', {}, 'sourcesChanged')
  const info = useContract('appInfo', {})
  const [startAtLogin, setStartAtLogin] = useState<boolean | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const wantsLogin = startAtLogin ?? info.value?.loginItem ?? false

  const finish = async () => {
    const login = startAtLogin === null ? null : await call('setStartAtLogin', { on: startAtLogin })
    if (login !== null && !login.ok) {
      setProblem(login.reason)
      setStartAtLogin(null)
      return
    }
    const saved = await call('changeSettings', { firstRunDone: true })
    if (!saved.ok) setProblem(saved.reason)
  }
  return (
    <Dialog title="This is what your machine draws" onClose={() => void finish()}>
      <p className="first-figure">
        <PowerFigure size="hero" {...machine} />
      </p>
      <p>{provenanceSentence(props.now)}</p>
      {sources.value !== null && (
        <Grant
          source={grantOf(sources.value.sources)}
          onCheck={async () => {
            const answer = await call('checkAgain', {})
            if (answer.ok) sources.replace(answer.value)
          }}
        />
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={wantsLogin}
          disabled={info.value?.loginItem === null}
          onChange={(event) => setStartAtLogin(event.target.checked)}
        />
        <span>
          Start Perwatt at login
          <small>
            {info.value?.loginItem === null
              ? 'This desktop offers no way to do that from here.'
              : 'A day is only known as far as it was measured.'}
          </small>
        </span>
      </label>
      {problem !== null && (
        <p className="form-problem" role="alert">
          {problem}
        </p>
      )}
      <div className="dialog-actions">
        <p>Everything stays on this machine.</p>
        <button type="button" className="button button-primary" data-first-focus onClick={() => void finish()}>
          Start measuring
        </button>
      </div>
    </Dialog>
  )
}

function Grant(props: { source: SourceStatus | null; onCheck: () => Promise<void> }) {
  const { source, onCheck } = props
  const [isChecking, setChecking] = useState(false)
  const [wasChecked, setChecked] = useState(false)
  if (source === null) return null
  const check = async () => {
    setChecking(true)
    await onCheck()
    setChecking(false)
    setChecked(true)
  }
  return (
    <section className="grant" aria-labelledby="grant-title">
      <h3 id="grant-title">One step would measure it</h3>
      <p>{source.reason}</p>
      {source.remedyText !== null && <Command text={source.remedyText} />}
      <div className="row-line">
        <button type="button" className="button" disabled={isChecking} onClick={() => void check()}>
          Check again
        </button>
        <span role="status" className="row-note">
          {wasChecked && !isChecking && 'Checked: still not readable.'}
        </span>
      </div>
    </section>
  )
}

/** The denied source that a grant would open; the first in the registry's order, which is by quality. */
export function grantOf(sources: readonly SourceStatus[]): SourceStatus | null {
  return sources.find((source) => source.state === 'denied' && source.remedyText !== null) ?? null
}

function provenanceSentence(now: Now): string {
  const { machine } = now
  if (machine.powerW === null) return machine.reason ?? 'No source can tell yet.'
  const margin = machine.uncertainty === null ? '' : `, within ${formatRatio(machine.uncertainty)}`
  if (machine.provenance === 'estimate') {
    return `An estimate from load and the rated power of the processor${margin}. Shares between apps are much surer than the watts.`
  }
  const ai = machine.aiPowerW === null ? '' : ` AI apps draw ${figureText(formatPower(machine.aiPowerW))} of it.`
  return `Measured by the hardware itself${margin}.${ai}`
}
