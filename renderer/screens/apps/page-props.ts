import type { Asked, Output } from '../../client.ts'
import type { Range } from '../../parts/range.tsx'
import type { ScreenProps } from '../screen.ts'

/** What the pages of *Apps* share: the stretch of time, and the servers as they are now. */
export type PageProps = {
  readonly range: Range
  readonly servers: Asked<Output<'servers'>>
  readonly onScreen: ScreenProps['onScreen']
}
