import type { Now } from '../../../contract/now.ts'
import { call } from '../../client.ts'
import { refreshNow } from '../../now-store.ts'
import { Banner } from '../../parts/banner.tsx'
import { Command } from '../../parts/copy-button.tsx'

/** What the engine wants the reader to know, and the states in which it does not measure. */
export function Notices(props: { now: Now; onScreen: (screen: 'sources') => void }) {
  const { now, onScreen } = props
  return (
    <>
      {now.notices.map((notice) => (
        <Banner key={notice.code} tone="amber">
          <p>{notice.text}</p>
          {notice.remedy !== null && <Command text={notice.remedy} />}
        </Banner>
      ))}
      {now.state === 'paused' && (
        <Banner
          tone="plain"
          action={
            <button type="button" className="button" onClick={() => void setPaused(false)}>
              Resume
            </button>
          }
        >
          Paused. Nothing is measured, and the time without figures stays a gap.
        </Banner>
      )}
      {now.state === 'blind' && (
        <Banner
          tone="amber"
          action={
            <button type="button" className="button" onClick={() => onScreen('sources')}>
              See Sources
            </button>
          }
        >
          No source measures this machine now. {now.machine.reason}
        </Banner>
      )}
    </>
  )
}

/** Pauses until somebody resumes, or resumes; the figures on the screen follow at once. */
export async function setPaused(paused: boolean): Promise<void> {
  await (paused ? call('pause', { forS: null }) : call('resume', {}))
  await refreshNow()
}
