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
export function namedUsers({ fromS, toS, users, projects }: UsersWork, naming: Naming): OutputOf<Contract['users']> {
  const names = namesAmong(users.filter(({ kind }) => kind === 'os').length, naming)
  return {
    fromS,
    toS,
    rows: users.map((user) => userRow(user, names)),
    projects: projects.map(({ number, label, ...project }) => ({ ...project, name: label ?? `Project ${number}` })),
    namesShown: naming.showNames,
  }
}

export function namedRequests(rows: readonly NamelessRequest[], naming: Naming): RequestRow[] {
  const accounts = new Set(rows.flatMap(({ user }) => (user?.startsWith('os/') ? [user] : [])))
  const names = namesAmong(accounts.size, naming)
  return rows.map((row) => requestRow(row, names))
}

/** Alone, an account may be one of several: its own name is not shown for that. */
export function namedRequest(row: NamelessRequest, naming: Naming): RequestRow {
  return requestRow(row, namesAmong(2, naming))
}

function namesAmong(osUsers: number, { showNames, accountName }: Naming): UserNames {
  return userNames({ showNames, osUsers, accountName })
}

function requestRow({ userNumber, userLabel, ...row }: NamelessRequest, names: UserNames): RequestRow {
  const { user } = row
  return { ...row, userName: user === null ? null : names.nameOf({ id: user, number: userNumber, label: userLabel }) }
}

function userRow({ number, label, merged, ...user }: NamelessUser, names: UserNames): UserRow {
  return {
    ...user,
    name: names.nameOf({ id: user.id, number, label }),
    merged: merged.map((other) => ({ id: other.id, name: names.nameOf(other) })),
  }
}
