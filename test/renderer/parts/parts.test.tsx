import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { formatPower } from '../../../contract/format.ts'
import { problem } from '../../../contract/result.ts'
import { Figure, PowerFigure } from '../../../renderer/parts/figure.tsx'
import { Failed } from '../../../renderer/parts/view.tsx'

/** What a reader reads: the text, thin spaces as `_`. */
function text(element: React.ReactElement): string {
  return renderToStaticMarkup(element)
    .replace(/<[^>]*>/g, '')
    .replaceAll('\u202f', '_')
}

test('an estimate has its mark, a measurement none', () => {
  expect(text(<PowerFigure powerW={42.7} provenance="estimate" uncertainty={0.45} />)).toBe('≈_43_W ±_20')
  expect(text(<PowerFigure powerW={42.7} provenance="counter" uncertainty={0.04} />)).toBe('43_W ±_2')
  expect(text(<PowerFigure powerW={42.7} provenance="sensor" uncertainty={null} />)).toBe('43_W')
})

test('nothing and next to nothing need no mark of an estimate', () => {
  expect(text(<Figure of={formatPower(0)} isEstimate />)).toBe('0_W')
  expect(text(<Figure of={formatPower(0.02)} isEstimate />)).toBe('&lt;0.1_W')
})

test('an unknown power is a dash that says why, never a zero', () => {
  expect(text(<PowerFigure powerW={null} provenance={null} uncertainty={null} reason="denied" />)).toBe(
    '–not known: denied',
  )
})

test('a failure says what happened and shows the command that mends it', () => {
  const failed = problem('denied', 'Linux lets only root read this.', {
    kind: 'command',
    argv: ['chmod', 'a+r', '/x y'],
    asRoot: true,
  })
  expect(text(<Failed problem={failed} />)).toContain('Linux lets only root read this.sudo chmod a+r &#x27;/x y&#x27;')
})
