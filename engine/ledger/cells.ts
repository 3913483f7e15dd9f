/** Energy of an app within a domain, or of an app alone, in one bucket. */
export type AppCell = { activeMj: number; idleMj: number; floorShareMj: number; estimatedMj: number; varMj2: number }
/** Energy of a domain in one bucket: `idleMj + otherMj + Σ apps (activeMj + idleMj) === energyMj`. `A` names an app. */
export type DomainCell<A> = {
  energyMj: number
  idleMj: number
  otherMj: number
  estimatedMj: number
  varMj2: number
  readonly apps: Map<A, AppCell>
}
/** One bucket, by what names a domain and an app: ids while in memory, row ids in the file. */
export type Cells<D = number, A = number> = Map<D, DomainCell<A>>

export function domainCell<D, A>(cells: Cells<D, A>, domain: D): DomainCell<A> {
  const known = cells.get(domain)
  if (known !== undefined) return known
  const cell = { energyMj: 0, idleMj: 0, otherMj: 0, estimatedMj: 0, varMj2: 0, apps: new Map() }
  cells.set(domain, cell)
  return cell
}

export function appCell<A>(apps: Map<A, AppCell>, app: A): AppCell {
  const known = apps.get(app)
  if (known !== undefined) return known
  const cell = { activeMj: 0, idleMj: 0, floorShareMj: 0, estimatedMj: 0, varMj2: 0 }
  apps.set(app, cell)
  return cell
}

export function addApp<A>(apps: Map<A, AppCell>, app: A, values: Readonly<AppCell>): void {
  const cell = appCell(apps, app)
  cell.activeMj += values.activeMj
  cell.idleMj += values.idleMj
  cell.floorShareMj += values.floorShareMj
  cell.estimatedMj += values.estimatedMj
  cell.varMj2 += values.varMj2
}
