import type { Connector } from './connector.ts'

/** Every dialect, in the order in which an unknown server is tried: those that cannot be mistaken for another come first (ai-servers.md §0.3). */
export const connectors: readonly Connector[] = []
