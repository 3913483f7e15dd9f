import { vendorDrivers } from './registry.ts'
import { serveDrivers } from './serve.ts'

/** Entry of the process that loads driver libraries. Memory is judged: it imports nothing of the engine but this folder. */
serveDrivers(vendorDrivers)
