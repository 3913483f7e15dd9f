import type { UserId } from '../contract/ids.ts'

/** What a person is called on a screen. Identities are keyed hashes: nothing in them can be turned back into a name. */
export interface UserNames {
  nameOf(user: { readonly id: UserId; readonly number: number; readonly label: string | null }): string
}

/**
 * The name that the owner typed; the account's own name where names are shown, or where it is the only account that there is (DESIGN §2.5);
 * "User 3" else.
 */
export function userNames(options: {
  readonly showNames: boolean
  readonly osUsers: number
  readonly accountName: (uid: number) => string | null
}): UserNames {
  return {
    nameOf({ id, number, label }) {
      if (id === 'unknown') return 'Unknown'
      if (label !== null) return label
      const uid = /^os\/(\d+)$/.exec(id)?.[1]
      const mayBeNamed = options.showNames || options.osUsers <= 1
      const account = uid === undefined || !mayBeNamed ? null : options.accountName(Number(uid))
      return account ?? `User ${number}`
    },
  }
}
