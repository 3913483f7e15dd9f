import type { Bridge } from '../contract/app.ts'

declare global {
  interface Window {
    readonly perwatt: Bridge
  }
}
