import { useEffect, useEffectEvent, useRef } from 'react'
import uPlot from 'uplot'
import { type Theme, useTheme } from '../theme.ts'
import { type Palette, readPalette } from './palette.ts'

/**
 * uPlot in a box that fills its parent's width. A chart is made anew when `shapeKey` or the theme changes (other series,
 * other colours), otherwise only its data is replaced. It goes with the view.
 */
export function Chart(props: {
  heightPx: number
  shapeKey: string
  data: uPlot.AlignedData
  build: (palette: Palette) => Omit<uPlot.Options, 'width' | 'height'>
  onReady?: (plot: uPlot | null) => void
}) {
  const { heightPx, shapeKey, data, onReady } = props
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const theme: Theme = useTheme()
  const make = useEffectEvent((parent: HTMLElement) => {
    const made = new uPlot(
      { ...props.build(readPalette()), width: Math.max(1, parent.clientWidth), height: heightPx },
      data,
      parent,
    )
    plot.current = made
    onReady?.(made)
    return made
  })
  const leave = useEffectEvent(() => onReady?.(null))

  // biome-ignore lint/correctness/useExhaustiveDependencies: these are the moments to make a new chart
  useEffect(() => {
    const parent = box.current
    if (parent === null) return
    const made = make(parent)
    const resize = new ResizeObserver(() => {
      const width = parent.clientWidth
      if (width > 0 && width !== made.width) made.setSize({ width, height: heightPx })
    })
    resize.observe(parent)
    return () => {
      resize.disconnect()
      made.destroy()
      plot.current = null
      leave()
    }
  }, [shapeKey, theme, heightPx])

  useEffect(() => {
    if (plot.current !== null && plot.current.data !== data) plot.current.setData(data)
  }, [data])

  return <div ref={box} className="chart" style={{ height: heightPx }} />
}
