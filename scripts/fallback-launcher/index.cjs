// Stands in for Electron's default app, which the fallback runtime lacks: opens the app folder named on the command line.
const { app } = require('electron')
const { join, resolve } = require('node:path')

const dir = resolve(process.argv.slice(1).find((argument) => !argument.startsWith('-')) ?? '.')
const { name, version, main } = require(join(dir, 'package.json'))
app.setName(name)
// @ts-expect-error Not documented; Electron's own default app calls it.
app.setVersion(version)
// @ts-expect-error The same.
app.setAppPath(dir)
app.setPath('userData', join(app.getPath('appData'), name))
require(join(dir, main))
