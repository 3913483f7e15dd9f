import { createHmac } from 'node:crypto'

/** As many as the other keyed hashes have. */
const DIGITS = 12

/** Names working directories by a hash under the installation's secret: the same project has the same name here, and its path cannot be guessed from it. */
export function projectKeyOf(secret: Uint8Array): (folder: string) => string {
  return (folder) => {
    const plain = folder.replaceAll('\\', '/').replace(/(?<=.)\/+$/, '')
    return createHmac('sha256', secret).update(`project\0${plain}`).digest('hex').slice(0, DIGITS)
  }
}
