import type { OutputOf } from '../contract/define.ts'
import type { Contract } from '../contract/index.ts'
import type { RequestRow, UserRow } from '../contract/models.ts'
import type { NamelessRequest } from './ledger/queries/requests.ts'
import type { NamelessUser, UsersWork } from './ledger/queries/users.ts'
import { type UserNames, userNames } from './user-names.ts'

export type Naming = {
  readonly showNames: boolean
  readonly accountName: (uid: number) => string | null
}

/** Puts names to what the ledger holds of people and projects. */
export function namedUsers(
  { fromS, toS, users, projects, osUsers }: UsersWork,
  naming: Naming,
): OutputOf<Contract['users']> {
  const names = namesAmong(osUsers, naming)
  return {
    fromS,
    toS,
    rows: users.map((user) => userRow(user, names)),
    projects: projects.map(({ number, label, ...project }) => ({ ...project, name: label ?? `Project ${number}` })),
    namesShown: naming.showNames,
  }
}

export function namedRequest({ userNumber, userLabel, osUsers, ...row }: NamelessRequest, naming: Naming): RequestRow {
  const { user } = row
  if (user === null) return { ...row, userName: null }
  return { ...row, userName: namesAmong(osUsers, naming).nameOf({ id: user, number: userNumber, label: userLabel }) }
}

function namesAmong(osUsers: number, { showNames, accountName }: Naming): UserNames {
  return userNames({ showNames, osUsers, accountName })
}

function userRow({ number, label, merged, ...user }: NamelessUser, names: UserNames): UserRow {
  return {
    ...user,
    name: names.nameOf({ id: user.id, number, label }),
    merged: merged.map((other) => ({ id: other.id, name: names.nameOf(other) })),
  }
}
