import { useEffect, useMemo, useRef } from 'react'
import { formatLength } from '../../../contract/format.ts'
import { type Output, useContract, useEvent } from '../../client.ts'
import type { Range } from '../../parts/range.tsx'
import { Empty, Skeleton, View } from '../../parts/view.tsx'
import { count } from '../../words.ts'
import { RequestList } from './request-list.tsx'
import { RequestScatter } from './request-scatter.tsx'
import { dotsOf } from './scatter-dots.ts'

/** So many are asked for: enough for a cloud, and the list shows the newest of them. */
const ASKED = 1_000
const LISTED = 50
/** A busy server ends hundreds of requests a second; the list is asked for anew at most this often. */
const ASK_AT_MOST_EVERY_MS = 2_000

/** The requests of one model that passed through a meter. */
export function Requests(props: { model: string; range: Range }) {
  const { model, range } = props
  const asked = useContract('requests', {
    fromS: range.fromS,
    toS: range.toS,
    model,
    limit: ASKED,
  })
  useNewRequests(model, asked.again)
  return (
    <section className="block" aria-labelledby="requests-title">
      <h2 id="requests-title">Requests</h2>
      <View
        of={asked}
        skeleton={<Skeleton heightPx={280} label="Waiting for the requests" />}
        empty={({ rows }) => (rows.length === 0 ? <NoRequests /> : null)}
      >
        {(answer) => <RequestViews answer={answer} />}
      </View>
    </section>
  )
}

export function RequestViews(props: { answer: Output<'requests'> }) {
  const { rows, isComplete, keptFromS } = props.answer
  const dots = useMemo(() => dotsOf(rows), [rows])
  return (
    <>
      {dots.at.length > 1 && <RequestScatter dots={dots} />}
      <RequestList rows={rows.slice(0, LISTED)} />
      <p className="facts">
        {rows.length > LISTED &&
          `The newest ${LISTED} of ${isComplete ? '' : 'more than '}${count(rows.length, 'request')}. `}
        Single requests are kept for {formatLength(Date.now() - keptFromS * 1_000)}; after that they remain in the sums.
      </p>
    </>
  )
}

function NoRequests() {
  return (
    <Empty title="No single request was seen">
      <p>
        Requests are known one by one where they pass through the meter. Switch it on at the model’s server on{' '}
        <a href="#apps">Apps</a>, and set the client as it says there.
      </p>
    </Empty>
  )
}

function useNewRequests(model: string, again: () => void): void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEvent('requestEnded', (request) => {
    if (request.model !== model || timer.current !== null) return
    timer.current = setTimeout(() => {
      timer.current = null
      again()
    }, ASK_AT_MOST_EVERY_MS)
  })
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
}
