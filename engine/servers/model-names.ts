import { type AppId, ModelId } from '../../contract/ids.ts'

const MOST_CHARACTERS = 200

/**
 * Under which name the history of a model is kept: its app and the name that its server gives it, which says the quantisation in most cases.
 * Where the same name comes with another quantisation than it was first seen with, that is another model.
 */
export interface ModelNames {
  idOf(app: AppId, name: string, quantisation?: string | null): ModelId
}

export function createModelNames(): ModelNames {
  const first = new Map<string, string>()
  return {
    idOf(app, name, quantisation = null) {
      const plain = `${app}/${shortened(name)}`
      if (quantisation === null || name.toLowerCase().includes(quantisation.toLowerCase())) return ModelId.parse(plain)
      const known = first.get(plain)
      if (known === undefined) first.set(plain, quantisation)
      return ModelId.parse(
        known === undefined || known === quantisation ? plain : `${plain}@${shortened(quantisation)}`,
      )
    },
  }
}

/** A name comes from a server or a client: without control characters, and no longer than a column of a table. */
function shortened(name: string): string {
  const clean = name.replace(/\p{Cc}+/gu, ' ').trim()
  return clean === '' ? 'unnamed' : clean.slice(0, MOST_CHARACTERS / 2)
}
