import { useEffect, useMemo, useRef, useState } from 'react'
import type uPlot from 'uplot'
import { figureText, formatPower } from '../../../contract/format.ts'
import type { Gap } from '../../../contract/history.ts'
import type { Live } from '../../../contract/now.ts'
import { call } from '../../client.ts'
import { KEEP_S } from '../../live/buffer.ts'
import type { Slots } from '../../live/slots.ts'
import { gapsOf, type Stack, stackLive } from '../../live/stack.ts'
import { Chart } from '../../parts/chart.tsx'
import { Swatch } from '../../parts/swatch.tsx'
import { clockTime, gapCauses } from '../../words.ts'
import { type ChartShape, chartData, chartOptions } from './live-options.ts'

const HEIGHT_PX = 216

/** The last 15 minutes as layers on the machine's floor. Arrow keys walk through it, as the pointer does. */
export function LiveChart(props: { live: Live; slots: Slots; uncertainty: number | null }) {
  const { live, slots, uncertainty } = props
  const stack = useMemo(() => stackLive(live, slots), [live, slots])
  const data = useMemo(() => chartData(stack, uncertainty), [stack, uncertainty])
  const [index, setIndex] = useState<number | null>(null)
  const [spoken, setSpoken] = useState('')
  const plot = useRef<uPlot | null>(null)
  const gaps = useGaps(stack)
  const shape: ChartShape = {
    layers: stack.layers.map(({ kind, slot }) => ({ kind, slot })),
    isEstimate: live.estimated,
    hasBand: uncertainty !== null,
  }

  const walk = (step: number) => {
    const last = stack.at.length - 1
    const next = Math.min(last, Math.max(0, (index ?? last + 1) + step))
    const u = plot.current
    if (u === null || stack.at[next] === undefined) return
    u.setCursor({ left: u.valToPos(stack.at[next], 'x'), top: 0 })
    setSpoken(momentText(stack, next, gaps))
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group that takes the arrow keys, not a set of fields
    <div
      className="live-chart"
      role="group"
      aria-label={`Power of the last ${KEEP_S / 60} minutes by app. Arrow keys read it.`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys need the focus
      tabIndex={0}
      onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -60, PageDown: 60 }[event.key]
        if (step === undefined) return
        event.preventDefault()
        walk(step)
      }}
    >
      <Chart
        heightPx={HEIGHT_PX}
        shapeKey={JSON.stringify(shape)}
        data={data}
        build={(palette) => chartOptions(shape, palette, setIndex)}
        onReady={(made) => {
          plot.current = made
        }}
      />
      {index !== null && stack.at[index] !== undefined && (
        <Moment stack={stack} index={index} gaps={gaps} plot={plot.current} isEstimate={live.estimated} />
      )}
      <Legend stack={stack} isEstimate={live.estimated} />
      <p className="sr-only" aria-live="polite">
        {spoken}
      </p>
    </div>
  )
}

function Moment(props: { stack: Stack; index: number; gaps: readonly Gap[]; plot: uPlot | null; isEstimate: boolean }) {
  const { stack, index, gaps, plot, isEstimate } = props
  const atS = stack.at[index] ?? 0
  const machineW = stack.machineW[index] ?? null
  const left = plot === null ? 0 : plot.valToPos(atS, 'x') + plot.bbox.left / devicePixelRatio
  const isRight = plot !== null && left > plot.width / 2
  const drawing = [...stack.layers].reverse().filter((layer) => (layer.powerW[index] ?? 0) > 0)
  return (
    <div
      className="moment"
      style={isRight ? { right: (plot?.width ?? 0) - left + 12 } : { left: left + 12 }}
      aria-hidden="true"
    >
      <div className="moment-head">
        <span>{clockTime(atS, true)}</span>
        <span>
          {machineW === null ? gapText(gaps, atS) : `${isEstimate ? '≈ ' : ''}${figureText(formatPower(machineW))}`}
        </span>
      </div>
      {machineW !== null &&
        drawing.map((layer) => (
          <div className="moment-row" key={layer.key}>
            <Swatch kind={layer.kind} slot={layer.slot} />
            <span className="moment-name">{layer.name}</span>
            <span>{figureText(formatPower(layer.powerW[index] ?? 0))}</span>
          </div>
        ))}
    </div>
  )
}

function Legend(props: { stack: Stack; isEstimate: boolean }) {
  return (
    <ul className="legend" aria-hidden="true">
      <li>
        <span className={props.isEstimate ? 'line-mark is-dashed' : 'line-mark'} />
        Machine{props.isEstimate && ', estimated'}
      </li>
      {props.stack.layers.map((layer) => (
        <li key={layer.key}>
          <Swatch kind={layer.kind} slot={layer.slot} />
          {layer.name}
        </li>
      ))}
    </ul>
  )
}

/** The causes of the gaps that can be seen, asked for when there is a new one. */
function useGaps(stack: Stack): readonly Gap[] {
  const [gaps, setGaps] = useState<readonly Gap[]>([])
  const seen = gapsOf(stack.at, stack.machineW)
  const fromS = seen[0]?.fromS
  const newestS = seen.at(-1)?.fromS
  useEffect(() => {
    if (fromS === undefined || newestS === undefined) return
    let isCurrent = true
    const toS = Math.max(newestS + 1, Math.floor(Date.now() / 1_000))
    void call('history', { fromS, toS, by: 'domain' }).then((answer) => {
      if (isCurrent && answer.ok) setGaps(answer.value.gaps)
    })
    return () => {
      isCurrent = false
    }
  }, [fromS, newestS])
  return gaps
}

function gapText(gaps: readonly Gap[], atS: number): string {
  const gap = gaps.find(({ fromS, toS }) => fromS <= atS && atS <= toS)
  return gap === undefined ? 'No figure' : `No figure: ${gapCauses[gap.cause]}`
}

function momentText(stack: Stack, index: number, gaps: readonly Gap[]): string {
  const atS = stack.at[index] ?? 0
  const machineW = stack.machineW[index] ?? null
  if (machineW === null) return `${clockTime(atS, true)}: ${gapText(gaps, atS)}`
  const parts = stack.layers
    .filter((layer) => (layer.powerW[index] ?? 0) > 0)
    .map((layer) => `${layer.name} ${figureText(formatPower(layer.powerW[index] ?? 0))}`)
  return `${clockTime(atS, true)}: machine ${figureText(formatPower(machineW))}; ${parts.join(', ')}`
}
