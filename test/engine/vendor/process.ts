import { serveDrivers } from '../../../engine/vendor/serve.ts'
import { scriptedDrivers } from './scripted-drivers.ts'

/** A vendor process with the tests' drivers; entry. */
serveDrivers(scriptedDrivers)
