// electron-builder.yml for the fallback runtime: Electron 25 has one fuse less, and setting it would fail.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
// @ts-expect-error It has no types. electron-builder reads its configuration with it, so it is there where that is.
const { load } = require('js-yaml')

const config = load(readFileSync(join(__dirname, '..', '..', 'electron-builder.yml'), 'utf8'))
const { grantFileProtocolExtraPrivileges: _, ...electronFuses } = config.electronFuses
module.exports = { ...config, electronFuses }
