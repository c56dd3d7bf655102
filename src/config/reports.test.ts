/** The section `reports`: what it becomes, and what is wrong in it is said where it stands. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError } from './problem.ts'

const SOURCES = { drivers, sinks, env: {} }

function write(t: TestContext, reports: string): string {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, `version: 1\nreports: ${reports}\n`)
  return file
}

test('defaults, and folders relative to the file', async (t) => {
  const file = write(t, `{ schedules: [{ name: monthly }, { name: daily, at: '0 6 * * *' }] }`)
  const { reports } = await loadConfig(file, SOURCES)
  const monthly = { name: 'monthly', at: '0 6 1 * *', timeZone: 'UTC', formats: ['html'], keep: 24 }
  assert.deepEqual(reports?.schedules, [monthly, { ...monthly, name: 'daily', at: '0 6 * * *' }])
  assert.equal(reports?.folder, join(file, '..', 'data', 'reports'))
  const { reports: other } = await loadConfig(write(t, '{ folder: ./out }'), SOURCES)
  assert.match(other!.folder, /\/out$/)
})

const BAD: readonly (readonly [what: string, reports: string, words: RegExp])[] = [
  ['two of one name', '{ schedules: [{ name: a }, { name: a }] }', /reports\.schedules\[1\]\.name.*two reports "a"/],
  ['a pattern with seconds', `{ schedules: [{ name: a, at: '0 0 6 1 * *' }] }`, /cron pattern of five fields/],
  ['a day that never comes', `{ schedules: [{ name: a, at: '0 6 31 2 *' }] }`, /cron pattern/],
  ['a zone that is none', '{ schedules: [{ name: a, timeZone: Europe/Nowhere }] }', /no time zone/],
  ['a name that leads elsewhere', '{ schedules: [{ name: ../a }] }', /small letters, digits and dashes/],
  ['a word that is not known', '{ shedules: [] }', /unknown key "shedules".*schedules/],
  ['a password in the address', "{ prometheus: 'http://u:p@127.0.0.1:9090' }", /not in the url/],
]

for (const [what, reports, words] of BAD)
  test(`refused: ${what}`, async (t) => {
    await assert.rejects(loadConfig(write(t, reports), SOURCES), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, words)
      return true
    })
  })
