/** The configuration that ran last, from its history: the files of that version, whatever is on the disk now. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { drivers } from '../../drivers/index.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { loadFromHistory } from './running-config.ts'

const SOURCES = { drivers, sinks: [], env: {} }
const yaml = (name: string) => `version: 1\ninclude: [conf.d/*.yaml]\ndevices: [{ name: ${name}, driver: simulated }]\n`

test('the newest version, or the one that is asked for, from the files that were kept', (t) => {
  const folder = temporaryFolder(t)
  const main = join(folder, 'bifrost.yaml')
  const history = join(folder, 'data', 'config-history')
  for (const name of ['versions', 'objects']) mkdirSync(join(history, name), { recursive: true })
  const keep = (text: string) => {
    const hash = createHash('sha256').update(text).digest('hex')
    writeFileSync(join(history, 'objects', hash), text)
    return hash
  }
  const version = (number: number, files: Record<string, string>) =>
    writeFileSync(
      join(history, 'versions', `${String(number).padStart(6, '0')}.json`),
      JSON.stringify({ number, hash: 'x', files }),
    )
  version(9, { [main]: keep(yaml('first')) })
  // A file that is gone from the disk since: the pattern finds it nevertheless.
  version(10, {
    [main]: keep(yaml('second')),
    [join(folder, 'conf.d', 'more.yaml')]: keep('devices: [{ name: more, driver: simulated }]\n'),
  })
  writeFileSync(main, yaml('edited-since'))

  const names = (which: { version?: number; file?: string }) => {
    const found = loadFromHistory(join(folder, 'data'), which, SOURCES)
    return found && [found.version, ...found.config.devices.map(({ name }) => name)]
  }
  assert.deepEqual(names({}), [10, 'second', 'more'])
  assert.deepEqual(names({ version: 9, file: main }), [9, 'first'])
  assert.equal(names({ version: 3 }), undefined)
  assert.equal(names({ file: join(folder, 'other.yaml') }), undefined)
  assert.equal(loadFromHistory(join(folder, 'nowhere'), {}, SOURCES), undefined)
  writeFileSync(join(history, 'objects', keep(yaml('second'))), yaml('forged'))
  assert.throws(() => names({}), {
    code: 'STORE_FAILED',
    message: 'version 10 in the history of the configuration is damaged',
  })
})
