/** The files of deploy/backup: settings that load, units that systemd takes, and commands that exist. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSettings } from '../src/backup/settings.ts'
import { COMMANDS } from '../src/cli/commands.ts'
import { needs, temporaryFolder } from '../src/testing/peers.ts'

const FOLDER = join(import.meta.dirname, '../deploy/backup')
const units = readdirSync(FOLDER).filter((name) => /\.(service|timer)$/.test(name))

test('the settings to start from load, and keep what the guide says', async () => {
  const { keep, repositories, data } = await loadSettings(join(FOLDER, 'backup.yaml'))
  assert.deepEqual(keep, { within: 2 * 3_600_000, hourly: 48, daily: 14, weekly: 8, monthly: 12, yearly: 3 })
  assert.deepEqual([repositories.map(({ name }) => name), data], [['site', 'region-2'], '/var/lib/bifrost'])
})

test('systemd takes the units, and they may little', { skip: needs('systemd-analyze') }, (t) => {
  const folder = temporaryFolder(t)
  for (const name of units) {
    const text = readFileSync(join(FOLDER, name), 'utf8').replaceAll('/opt/bifrost/current/bin/bifrost', '/bin/true')
    writeFileSync(join(folder, name), text)
  }
  const { stderr } = spawnSync('systemd-analyze', ['verify', ...units.map((name) => join(folder, name))], { encoding: 'utf8' }) // prettier-ignore
  assert.deepEqual(stderr.split('\n').filter((line) => line.includes(folder)), []) // prettier-ignore
  for (const name of units.filter((one) => one.endsWith('.service'))) {
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', join(folder, name)], { encoding: 'utf8' }) // prettier-ignore
    assert.ok(Number(/exposure level for .*: ([\d.]+)/.exec(stdout)![1]) <= 1.5, name)
  }
})

test('each command of a unit exists, and each service has its timer', () => {
  const known = COMMANDS.find(({ usage }) => usage === 'backup')!.commands!.map(({ usage }) => usage.split(' ')[0])
  for (const name of units) {
    assert.ok(units.includes(name.replace(/\.service$/, '.timer')), name)
    for (const [, command] of readFileSync(join(FOLDER, name), 'utf8').matchAll(/bin\/bifrost backup (\S+)/g))
      assert.ok(known.includes(command), `${name}: ${command}`)
  }
})
