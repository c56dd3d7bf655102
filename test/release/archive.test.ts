/** The archives that a release is made of: read by programs that we did not write, and the same bytes for the same content. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { backupUnits, debianVersion, serviceOf } from '../../scripts/release/debian-package.ts'
import { ar, entriesOf, file, gzip, tar } from '../../scripts/release/archive.ts'
import { needs, temporaryFolder } from '../../src/testing/peers.ts'

const PARTS = join(import.meta.dirname, '..', '..', 'scripts', 'release', 'debian')
const SECONDS = 1_790_000_000
const LONG = `${'a-folder-with-a-long-name/'.repeat(5)}${'x'.repeat(90)}.txt`

function sample(t: TestContext): string {
  const folder = join(temporaryFolder(t), 'product')
  mkdirSync(join(folder, 'bin'), { recursive: true })
  writeFileSync(join(folder, 'bin', 'run'), '#!/bin/sh\n')
  chmodSync(join(folder, 'bin', 'run'), 0o700)
  writeFileSync(join(folder, 'ä.txt'), 'umlaut')
  symlinkSync('bin/run', join(folder, 'run'))
  return folder
}

test('tar lists what was packed, with the owner, the modes and the date that were asked for', (t) => {
  const packed = join(temporaryFolder(t), 'a.tar.gz')
  writeFileSync(packed, gzip(tar([...entriesOf(sample(t), 'p'), file(LONG, 'far down')], SECONDS)))
  const list = execFileSync('tar', ['-tvzf', packed, '--full-time', '--utc', '--quoting-style=literal'], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  const lines = list
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' '))
  const date = '2026-09-21 14:13:20'
  assert.deepEqual(lines, [
    `-rw-r--r-- root/root 8 ${date} ${LONG}`,
    `drwxr-xr-x root/root 0 ${date} p/`,
    `drwxr-xr-x root/root 0 ${date} p/bin/`,
    `-rwxr-xr-x root/root 10 ${date} p/bin/run`,
    `lrwxrwxrwx root/root 0 ${date} p/run -> bin/run`,
    `-rw-r--r-- root/root 6 ${date} p/ä.txt`,
  ])
  assert.equal(execFileSync('tar', ['-xOzf', packed, LONG], { encoding: 'utf8' }), 'far down')
})

test('neither the order, nor the times, nor the rights of the files change the bytes; the date does', (t) => {
  const [one, other] = [sample(t), sample(t)]
  utimesSync(join(other, 'ä.txt'), 1, 1)
  chmodSync(join(other, 'ä.txt'), 0o600)
  const bytes = (folder: string, seconds: number, turn = false) => {
    const entries = entriesOf(folder, 'p')
    return gzip(tar(turn ? entries.toReversed() : entries, seconds))
  }
  assert.deepEqual(bytes(one, SECONDS), bytes(other, SECONDS, true))
  assert.notDeepEqual(bytes(one, SECONDS), bytes(one, SECONDS + 1))
})

test('a name that no tar of 1988 can hold is refused, not cut', () => {
  assert.throws(() => tar([file('y'.repeat(101), '')], SECONDS), /too long for a tar archive/)
})

test('dpkg-deb reads the outer form', { skip: needs('dpkg-deb') }, (t) => {
  const control = 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.invalid>\nDescription: x\n'
  const deb = join(temporaryFolder(t), 'x.deb')
  const members = [
    ['debian-binary', Buffer.from('2.0\n')],
    ['control.tar.gz', gzip(tar([file('./control', control)], SECONDS))],
    ['data.tar.gz', gzip(tar([file('./usr/odd', 'odd')], SECONDS))],
  ] as const
  writeFileSync(deb, ar(members, SECONDS))
  assert.equal(execFileSync('dpkg-deb', ['-f', deb, 'Package'], { encoding: 'utf8' }), 'x\n')
  assert.match(execFileSync('dpkg-deb', ['-c', deb], { encoding: 'utf8' }), /root\/root +3 .* \.\/usr\/odd/)
})

test('dpkg sorts versions as SemVer does', { skip: needs('dpkg') }, () => {
  const ascending = ['1.2.3-beta.1', '1.2.3-beta.2', '1.2.3', '1.10.0'].map(debianVersion)
  for (const [at, version] of ascending.slice(1).entries())
    execFileSync('dpkg', ['--compare-versions', ascending[at]!, 'lt', version])
})

const UNIT = `# for boxes
[Unit]
Description=Bifrost gateway
Documentation=file:///opt/bifrost/current/share/edge/README.md

[Service]
ExecStartPre=-+/opt/bifrost/bifrost-gate start
ExecStart=/opt/bifrost/current/bin/bifrost run -c /etc/bifrost/bifrost.yaml
MemoryMax=256M
ProtectSystem=strict
`

test('the service of a package is that of the boxes without what only they have', () => {
  const unit = serviceOf(UNIT)
  assert.match(unit, /^ExecStart=\/usr\/bin\/bifrost run -c \/etc\/bifrost\/bifrost.yaml$/m)
  assert.match(unit, /ProtectSystem=strict/)
  assert.doesNotMatch(unit, /\/opt|256M|bifrost-gate/)
  // A server has more memory than a box: nothing of it bounds the heap, and no comment stays that tells of a line that went.
  const real = serviceOf(readFileSync(join(PARTS, '../../../deploy/edge/bifrost.service'), 'utf8'))
  assert.doesNotMatch(real, /\/opt|Memory(Max|High)|NODE_OPTIONS|BIFROST_MEMORY|devices|bifrost-gate|Garbage|profile/)
  assert.match(real, /^WatchdogSec=/m)
})

test('backups come with the package: services and timers with its paths, their own limits of memory, and nothing of boxes', () => {
  const units = backupUnits()
  const names = ['backup', 'backup-daily', 'drill'].flatMap((one) => [`bifrost-${one}.service`, `bifrost-${one}.timer`])
  assert.deepEqual(units.map(([name]) => name).toSorted(), names.toSorted())
  for (const [name, text] of units) {
    assert.doesNotMatch(text, /\/opt/)
    if (!name.endsWith('.service')) continue
    assert.match(text, /^ExecStart=(\/bin\/sh -c 'exec )?\/usr\/bin\/bifrost backup /m)
    assert.match(text, /^MemoryMax=/m)
  }
})

/** A script of the package with every path below `root`, as dpkg runs it when it installs for the first time. */
function maintainerScript(root: string, name: string, ...args: string[]) {
  const text = readFileSync(join(PARTS, name), 'utf8').replaceAll(/\/(etc|var|run)\//g, `${root}/$1/`)
  for (const one of ['getent', 'deb-systemd-helper', 'deb-systemd-invoke', 'systemctl'])
    writeFileSync(join(root, 'bin', one), '#!/bin/sh\n', { mode: 0o755 })
  const script = text.replaceAll('bifrost:bifrost', '65534:65534').replaceAll('root:bifrost', '0:65534')
  return spawnSync('sh', ['-c', script, name, ...args], {
    encoding: 'utf8',
    env: { PATH: `${root}/bin:/usr/bin:/bin` },
  })
}

test(
  'the package gives nothing away that a link leads to',
  { skip: process.getuid?.() !== 0 && 'owners need root' },
  (t) => {
    const root = temporaryFolder(t)
    for (const name of ['bin', 'etc/bifrost', 'var/lib', 'root-folder'])
      mkdirSync(join(root, name), { recursive: true })
    const victim = join(root, 'root-file')
    writeFileSync(victim, 'of root', { mode: 0o600 })
    symlinkSync(victim, join(root, 'etc/bifrost/bifrost.yaml'))
    symlinkSync(join(root, 'root-folder'), join(root, 'var/lib/bifrost'))
    assert.equal(maintainerScript(root, 'postinst', 'configure').status, 0)
    assert.deepEqual([statSync(victim).uid, statSync(victim).mode & 0o777], [0, 0o600])
    assert.deepEqual(
      [
        statSync(join(root, 'root-folder')).uid,
        statSync(join(root, 'root-folder')).mode & 0o777,
        statSync(join(root, 'etc/bifrost')).mode & 0o7777,
      ],
      [0, 0o755, 0o1770],
    )
    // What dpkg has put there is the gateway's.
    rmSync(join(root, 'etc/bifrost/bifrost.yaml'))
    rmSync(join(root, 'var/lib/bifrost'))
    writeFileSync(join(root, 'etc/bifrost/bifrost.yaml'), 'version: 1\n')
    assert.equal(maintainerScript(root, 'postinst', 'configure').status, 0)
    const { uid, mode } = statSync(join(root, 'etc/bifrost/bifrost.yaml'))
    assert.deepEqual([uid, mode & 0o777, statSync(join(root, 'var/lib/bifrost')).uid], [65534, 0o640, 65534])
  },
)

test('a package that is removed leaves no timer switched on', (t) => {
  const root = temporaryFolder(t)
  const wants = join(root, 'etc/systemd/system/timers.target.wants')
  for (const folder of [join(root, 'bin'), wants]) mkdirSync(folder, { recursive: true })
  const timers = backupUnits().flatMap(([name]) => (name.endsWith('.timer') ? [name] : []))
  for (const name of [...timers, 'other.timer']) symlinkSync(`/lib/systemd/system/${name}`, join(wants, name))
  assert.equal(maintainerScript(root, 'prerm', 'upgrade').status, 0)
  assert.equal(readdirSync(wants).length, timers.length + 1)
  assert.equal(maintainerScript(root, 'prerm', 'remove').status, 0)
  assert.deepEqual(readdirSync(wants), ['other.timer'])
})

test('a line of the service that nobody has thought about stops the build', () => {
  assert.throws(() => serviceOf(`${UNIT}ExecStop=/opt/bifrost/something\n`), /what is this line.*ExecStop/)
  assert.throws(() => serviceOf(UNIT.replace('current/bin/bifrost', 'elsewhere')), /has no ExecStart/)
})
