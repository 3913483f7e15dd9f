import type { LabJson } from '../shapes.ts'
import { figure, letterOf } from './lab-figures.ts'
import { endWords } from './lab-lines.ts'

type Cell = LabJson['cells'][number]
type Point = Cell & { readonly tokensPerS: number; readonly jPerToken: number }

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [720, 380, 64, 48, 16, 24]

/** A page that needs nothing beside itself: answer, chart with the Pareto front, table. */
export function labHtml(lab: LabJson): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Perwatt lab ${escaped(lab.id)}</title>
<style>${STYLE}</style>
<main>
<h1>Lab ${escaped(lab.id)}</h1>
${lab.conclusions.map((sentence) => `<p>${escaped(sentence)}</p>`).join('\n')}
${chart(lab.cells)}
${tableOf(lab.cells)}
<p class="quiet">${escaped(endWords(lab))} Prompt set ${escaped(lab.prompts.name)}, ${lab.prompts.count} prompts a run. ± is the half-width at 95 %.</p>
</main>
</html>
`
}

const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--line:#e6e8eb;--quiet:#6a7280;--ink:#14181f;--accent:#0f9d76}
@media(prefers-color-scheme:dark){:root{--paper:#14171c;--line:#2a303a;--quiet:#98a2b3;--ink:#eef1f5;--accent:#35c79b}}
body{margin:0;background:var(--paper);color:var(--ink);font:13px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:960px;margin:0 auto;padding:24px}h1{font-size:20px;font-weight:600}p{font-size:15px}.quiet{font-size:13px;color:var(--quiet)}
svg{display:block;width:100%;max-width:720px;font-size:11px}svg text{fill:var(--quiet)}svg .name{fill:var(--ink)}
table{border-collapse:collapse;margin-top:16px}th,td{text-align:left;padding:4px 16px 4px 0;border-bottom:1px solid var(--line)}
th{font-weight:400;color:var(--quiet);font-size:11px}.n{text-align:right}`

function chart(cells: readonly Cell[]): string {
  const points = cells.filter((cell): cell is Point => cell.tokensPerS !== null && cell.jPerToken !== null)
  if (points.length === 0) return ''
  const mostX = 1.1 * Math.max(...points.map(({ tokensPerS }) => tokensPerS))
  const mostY = 1.1 * Math.max(...points.map((point) => point.jPerToken * (1 + (point.uncertainty ?? 0))))
  const x = (value: number) => round(LEFT + (value / mostX) * (WIDTH - LEFT - RIGHT))
  const y = (value: number) => round(HEIGHT - BOTTOM - (value / mostY) * (HEIGHT - BOTTOM - TOP))
  const ticks = [0.25, 0.5, 0.75, 1]
  const grid = ticks.map((part) => {
    const [gx, gy] = [x(part * mostX), y(part * mostY)]
    return `<path d="M${LEFT} ${gy}H${WIDTH - RIGHT}" stroke="var(--line)"/>
<text x="${LEFT - 8}" y="${gy + 4}" text-anchor="end">${figure(part * mostY)}</text>
<text x="${gx}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${figure(part * mostX)}</text>`
  })
  const front = points.filter(({ isOnFront }) => isOnFront).toSorted((a, b) => a.tokensPerS - b.tokensPerS)
  const line = front.map((point) => `${x(point.tokensPerS)},${y(point.jPerToken)}`).join(' ')
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Tokens per second against joules per token; the figures are in the table">
${grid.join('\n')}
<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="var(--quiet)"/>
<polyline points="${line}" fill="none" stroke="var(--accent)" stroke-width="1.5"/>
${points.map((point) => mark(point, x, y)).join('\n')}
<text x="${LEFT}" y="${HEIGHT - 8}">tokens/s →, J/token ↑: good is down and to the right; the line is the front that none beats in both</text>
</svg>`
}

function mark(point: Point, x: (value: number) => number, y: (value: number) => number): string {
  const { tokensPerS, jPerToken, isOnFront } = point
  const [cx, half] = [x(tokensPerS), jPerToken * (point.uncertainty ?? 0)]
  const fill = isOnFront ? 'var(--accent)' : 'var(--paper)'
  return `<path d="M${cx} ${y(Math.max(0, jPerToken - half))}V${y(jPerToken + half)}" stroke="var(--quiet)"/>
<circle cx="${cx}" cy="${y(jPerToken)}" r="4" fill="${fill}" stroke="var(--accent)" stroke-width="1.5"/>
<text class="name" x="${cx + 8}" y="${y(jPerToken) - 6}">${letterOf(point.id)}</text>`
}

function tableOf(cells: readonly Cell[]): string {
  const rows = cells.map((cell) => {
    const worth = cell.uncertainty === null ? '' : ` ± ${(100 * cell.uncertainty).toFixed(0)} %`
    const texts = [letterOf(cell.id), cell.model, cell.quantisation ?? '–', cell.engine ?? '–']
    const figures = [
      ...[String(cell.concurrency), String(cell.contextTokens ?? '–'), figure(cell.tokensPerS)],
      ...[`${cell.estimatedRatio > 0.2 || cell.tokensAreEstimate ? '≈ ' : ''}${figure(cell.jPerToken)}${worth}`],
      ...[cell.ttftMs === null ? '–' : `${(cell.ttftMs / 1_000).toFixed(2)} s`, String(cell.runs)],
    ]
    const left = texts.map((text) => `<td>${escaped(text)}</td>`).join('')
    return `<tr>${left}${figures.map((text) => `<td class="n">${escaped(text)}</td>`).join('')}<td>${escaped(cell.verdict)}</td></tr>`
  })
  const heads = ['', 'Model', 'Quantisation', 'Server'].map((text) => `<th>${text}</th>`).join('')
  const numbers = ['At once', 'Context', 'Tokens/s', 'J/token', 'First token', 'Runs']
  return `<table><tr>${heads}${numbers.map((text) => `<th class="n">${text}</th>`).join('')}<th>Verdict</th></tr>
${rows.join('\n')}</table>`
}

function round(value: number): number {
  return Math.round(10 * value) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
