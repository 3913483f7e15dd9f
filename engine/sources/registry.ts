import { estimate } from './estimate.ts'
import { rapl } from './rapl.ts'
import type { Source } from './source.ts'

/** Best provenance first. Probed in this order, so that `estimate` sees what the others measure. */
export const sources: readonly Source[] = [rapl, estimate]
