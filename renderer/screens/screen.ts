import type { ComponentType } from 'react'
import type { ScreenId } from '../../contract/app.ts'

/** What every screen is given. */
export type ScreenProps = {
  readonly onScreen: (screen: ScreenId, target?: string) => void
  /** The row or section that search led to. */
  readonly target: string | null
}

/** One line of the registry. */
export type Screen = {
  readonly id: ScreenId
  readonly title: string
  /** With Ctrl or ⌘. */
  readonly shortcut: string
  readonly icon: ComponentType
  readonly component: ComponentType<ScreenProps>
}
