/**
 * Backups to a host over SFTP, with the ssh of the machine and a server that nobody here wrote: keys are files of the settings, since a service
 * has no home with keys in it, and nobody to ask.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { openStore } from '../src/store/store.ts'
import { createBackupRig } from '../src/testing/backup-rig.ts'
import { needs, needsFile, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const skip =
  needs('restic', 'age', 'age-keygen', 'ssh', 'ssh-keygen') ||
  (process.env.BIFROST_REQUIRE_PEERS !== '1' && needsFile('/usr/lib/python3/dist-packages/asyncssh'))

/** A data folder with a few samples that no gateway uses, and a host that takes backups. */
async function made(t: TestContext) {
  const folder = temporaryFolder(t)
  const at = (name: string): string => join(folder, name)
  for (const name of ['conf', 'host']) mkdirSync(at(name))
  writeFileSync(at('conf/bifrost.yaml'), 'version: 1\n')
  const store = await openStore({ dir: at('data'), clock: systemClock, log: silentLog })
  store.append(new SampleBatch(1, Date.now()))
  await store.close()
  for (const name of ['host.key', 'other-host.key', 'ours.key', 'stranger.key'])
    assert.equal(spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]).status, 0)
  const args = [join(import.meta.dirname, 'peers/sftp-server.py'), at('host'), at('host.key'), at('ours.key.pub')]
  const server = startProcess(t, '/usr/bin/python3', args)
  const [, port] = await server.waitFor(/port (\d+)/)
  const known = (file: string, key: string): void =>
    writeFileSync(at(file), `[127.0.0.1]:${port} ${readFileSync(at(`${key}.pub`), 'utf8')}`)
  known('known-hosts', 'host.key')
  known('known-others', 'other-host.key')
  const rig = createBackupRig(t, { config: at('conf/bifrost.yaml'), data: at('data'), url: 'http://127.0.0.1:9' })
  const settings = readFileSync(rig.settings, 'utf8')
  /** The host first, and a folder here that gets a copy of it. */
  const use = (sshKeyFile: string, knownHostsFile: string): void => {
    const host = { name: 'host', url: `sftp://plant@127.0.0.1:${port}/repository`, passwordFile: 'site.password', sshKeyFile: at(sshKeyFile), knownHostsFile: at(knownHostsFile) } // prettier-ignore
    writeFileSync(rig.settings, settings.replace(/ {2}- \{ name: site,.*/, `  - ${JSON.stringify(host)}`))
  }
  return { rig, use, at }
}

test('a host takes backups over SFTP and gives them back; a stranger, and a host that is another one, are told', { skip, timeout: 120_000 }, async (t) => {
    const { rig, use, at } = await made(t)
    use('ours.key', 'known-hosts')
    const first = rig.backup('create', '--init')
    assert.equal(first.code, 0, first.err)
    assert.match(first.out, /host: stored .*\nregion-2: copied/s)
    assert.ok(readdirSync(at('host/repository/snapshots')).length > 0, 'it is on the host')
    const into = join(temporaryFolder(t), 'whole')
    const restored = rig.backup('restore', '--identity', rig.identity, '--into', into)
    assert.equal(restored.code, 0, restored.err)
    assert.deepEqual(readFileSync(join(into, 'config/bifrost.yaml')), readFileSync(at('conf/bifrost.yaml')))

    use('stranger.key', 'known-hosts')
    const stranger = rig.backup('list', '--repository', 'host')
    assert.equal(stranger.code, 1)
    assert.match(stranger.err, /unable to start the sftp session.*sshKeyFile has to be among the authorized keys/s)
    use('ours.key', 'known-others')
    const another = rig.backup('list', '--repository', 'host')
    assert.equal(another.code, 1)
    assert.match(another.err, /what `ssh-keyscan HOST` prints, compared with the host, in knownHostsFile/)
    use('ours.key', 'known-hosts')
    assert.equal(rig.backup('list', '--repository', 'host').code, 0)
  }) // prettier-ignore

test('ssh options for an address that is none of sftp are refused', { skip }, async (t) => {
  const { rig } = await made(t)
  const settings = readFileSync(rig.settings, 'utf8')
  writeFileSync(rig.settings, settings.replace('passwordFile: site.password', 'passwordFile: site.password, sshKeyFile: key')) // prettier-ignore
  const told = rig.backup('list')
  assert.equal(told.code, 78)
  assert.match(told.err, /repositories\.0: sshKeyFile and knownHostsFile are for addresses as sftp:/)
  writeFileSync(rig.settings, settings.replace('./repositories/site, passwordFile: site.password', "'sftp:a@b:/c', passwordFile: site.password, sshKeyFile: 'a key'")) // prettier-ignore
  assert.match(
    rig.backup('list').err,
    /repositories\.0\.sshKeyFile: .*a key has to be a path without spaces, quotes and commas/,
  )
})
