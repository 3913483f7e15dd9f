import { serveDrivers } from '../../../engine/vendor/serve.ts'
import { scriptedDrivers } from '../../engine/vendor/scripted-drivers.ts'

/** A vendor process with the tests' drivers; entry. */
serveDrivers(scriptedDrivers)
