import { serveDrivers } from '../../../engine/vendor/serve.ts'
import { scriptedDrivers } from './scripted-drivers.ts'

/** The same with the shortest alarm that the kernel has; entry. */
serveDrivers(scriptedDrivers, { stuckAfterS: 1 })
