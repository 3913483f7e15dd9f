import { formatAmount, THIN } from '../../contract/format.ts'
import type { Now, NowModel } from '../../contract/now.ts'
import { LongName } from '../parts/long-name.tsx'
import { formatRate } from '../screens/now/doing.ts'

/** The popover has room for so many under one app. */
const SHOWN = 2

/** Models of an app that generate now, the fastest first. */
export function activeModels(models: Now['models'], app: string): readonly NowModel[] {
  return models
    .filter((model) => model.app === app && (model.tokensPerS ?? 0) > 0)
    .sort((a, b) => (b.tokensPerS ?? 0) - (a.tokensPerS ?? 0) || (a.id < b.id ? -1 : 1))
}

/** Name, tokens a second and tokens per joule of the models that generate, under their app's watts. */
export function ModelLines(props: { models: readonly NowModel[] }) {
  const { models } = props
  const more = models.length - SHOWN
  return (
    <span className="popover-models">
      {models.slice(0, SHOWN).map((model) => (
        <span key={model.id} className="popover-model">
          <LongName>{model.name}</LongName>
          <span>{formatRate(model.tokensPerS ?? 0)}</span>
          <span className="popover-work">{workText(model)}</span>
        </span>
      ))}
      {more > 0 && <span>and {more} more</span>}
    </span>
  )
}

/** "1.15 tok/J"; why there is none: its answers are computed elsewhere, or its energy is not seen. */
export function workText({ tokensPerJ, isRemote }: Pick<NowModel, 'tokensPerJ' | 'isRemote'>): string {
  if (isRemote) return 'elsewhere'
  return tokensPerJ === null ? `– tok/J` : `${formatAmount(tokensPerJ)}${THIN}tok/J`
}
