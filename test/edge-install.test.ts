/**
 * `deploy/edge/install.sh` on boxes below a temporary root, with real signatures and tarballs, a script in the place of the gateway and a
 * played systemd (the real ones: deploy/edge/try-edge.sh). Whatever goes wrong, what was installed goes on.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, globSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { test } from 'node:test'
import { PINNED_KEYS } from '../src/release/keys.ts'
import { compareVersions } from '../src/release/version.ts'
import { needs, temporaryFolder } from '../src/testing/peers.ts'
import { exchange, peers, rig, SCRIPT } from '../src/testing/installer-rig.ts'
import { behave, newSigningKey } from '../src/testing/release-stand-in.ts'

const EDGE = join(import.meta.dirname, '..', 'deploy', 'edge')

test('the keys of the installer are those of the program', () => {
  const text = readFileSync(SCRIPT, 'utf8')
  assert.equal(/<<'PEM'\n([\s\S]*?)PEM\n/.exec(text)![1], PINNED_KEYS)
})

test('the installer orders versions as the program does', () => {
  const body = /^compare\(\) \{\n[\s\S]*?^\}\n/m.exec(readFileSync(SCRIPT, 'utf8'))![0]
  const order = ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0', '1.0.0+b', '1.0.10', '1.2.0', '10.0.0'] // prettier-ignore
  const pairs = order.flatMap((one) => order.map((other) => [one, other] as const))
  const calls = pairs.map(([one, other]) => `compare '${one}' '${other}'`).join('\n')
  const { stdout } = spawnSync('sh', ['-c', `${body}${calls}`], { encoding: 'utf8' })
  const words = pairs.map(([one, other]) => ['older', 'same', 'newer'][Math.sign(compareVersions(one, other)) + 1])
  assert.deepEqual(stdout.trim().split('\n'), words)
})

test('install, again, upgrade, a bad upgrade, rollback, uninstall', peers, (t) => {
  const { root, box, sh, release, install, is, ok, refused } = rig(t)
  const config = join(box.etc, 'bifrost.yaml')
  const first = release('1.0.0')
  ok(install(first), /1\.0\.0 runs/)
  is('1.0.0')
  appendFileSync(config, '# mine\n')
  ok(install(first), /installed already/)
  assert.match(readFileSync(config, 'utf8'), /# mine\n$/)
  const calls = readFileSync(join(root, 'systemd', 'calls'), 'utf8')
  assert.match(calls, /enable --quiet bifrost\.service bifrost-update-gate\.service/)

  ok(install(release('1.1.0')), /1\.1\.0 runs and is confirmed; 1\.0\.0 stays/)
  is('1.1.0')
  behave(root, '1.2.0', 'dead')
  refused(install(release('1.2.0')), /1\.2\.0 did not come up, 1\.1\.0 runs again: .*started 3 times/)
  is('1.1.0')
  assert.equal(readFileSync(join(root, 'systemd', 'runs'), 'utf8').trim(), '1.1.0')
  refused(install(release('1.0.5')), /older than 1\.1\.0.*--allow-downgrade/)
  ok(install(release('1.0.5'), ['--allow-downgrade']), /1\.0\.5 runs/)
  ok(sh(['rollback']), /1\.0\.5 → 1\.1\.0\n[\s\S]*1\.1\.0 runs again/)
  is('1.1.0')
  assert.match(readFileSync(config, 'utf8'), /# mine\n$/)

  ok(sh(['uninstall', '--dry-run']), /would: rm -rf .*opt\/bifrost/)
  is('1.1.0')
  ok(sh(['uninstall']), /stay \(--purge/)
  assert.deepEqual([existsSync(box.prefix), existsSync(config)], [false, true])
  ok(install(first), /1\.0\.0 runs/)
  assert.match(readFileSync(config, 'utf8'), /# mine\n$/)
  ok(sh(['uninstall', '--purge']), /with configuration and data/)
  assert.deepEqual([existsSync(box.etc), existsSync(box.state), existsSync(join(root, 'var/lib/bifrost'))], [false, false, false]) // prettier-ignore
  assert.deepEqual(readdirSync(join(root, 'etc/systemd/system')), [])
})

test('a release that is not right is refused before anything is changed', peers, (t) => {
  const { root, release, install, sh, is, ok, refused } = rig(t)
  ok(install(release('1.0.0')), /runs/)
  const files = () => globSync('{opt,etc,var/lib}/**', { cwd: root }).filter((name) => !name.endsWith('history')).toSorted() // prettier-ignore
  const before = files()
  refused(install('/nowhere'), /no manifest\.json in \/nowhere/)
  refused(sh(['--from', release('1.1.0')]), /not signed by a key that this installer trusts/)
  refused(install(release('1.1.0', { key: newSigningKey() })), /not signed by a key/)
  const changed = release('1.1.0')
  const manifest = join(changed, 'manifest.json')
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"1.1.0"', '"1.9.0"'))
  refused(install(changed), /does not fit the manifest/)
  const damaged = release('1.1.0')
  const file = globSync('*.gz', { cwd: damaged }).map((name) => join(damaged, name))[0]!
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(file, bytes)
  refused(install(damaged), /damaged or exchanged/)
  truncateSync(file, bytes.length - 100)
  refused(install(damaged), /not copied whole/)
  rmSync(file)
  refused(install(damaged), /there is no bifrost-1\.1\.0-linux/)
  const expired = { created: '2024-01-01T00:00:00Z', expires: '2025-01-01T00:00:00Z' }
  refused(install(release('1.1.0', { manifest: expired })), /expired at 2025-01-01/)
  refused(install(release('1.1.0', { manifest: { product: 'heimdall' } })), /release of heimdall/)
  refused(install(release('1.2.0', { manifest: { minimumFrom: '1.1.0' } })), /take 1\.1\.0 first/)
  const other = process.arch === 'arm64' ? 'x64' : 'arm64'
  refused(install(release('1.1.0', { arch: other })), new RegExp(`no tarball for .*it has: ${other}`))
  appendFileSync(join(root, 'etc/bifrost/bifrost.yaml'), '# refused-by-1.1.0\n')
  refused(install(release('1.1.0')), /does not take the present configuration[\s\S]*refused here/)
  assert.equal(sh(['--form', 'x']).status, 2)
  is('1.0.0')
  assert.deepEqual(files(), before)
})

test(
  'a box stays with its channel, and with the build that it has; a clock that stands in the past is told so',
  peers,
  (t) => {
    const { root, box, release, install, is, ok, refused } = rig(t)
    ok(install(release('1.0.0', { manifest: { channel: 'beta' } })), /runs/)
    assert.match(readFileSync(join(box.etc, 'update.yaml'), 'utf8'), /^channel: beta$/m)
    refused(install(release('1.1.0')), /channel stable, and this box takes beta: --channel stable/)
    const sunday = exchange(
      root,
      'date',
      'case "$*" in *@*) exec /bin/date "$@" ;; *+%s) echo 10 ;; *) exec /bin/date -u -d @10 "$@" ;; esac',
    )
    refused(
      install(release('1.1.0', { manifest: { channel: 'beta' } }), [], sunday),
      /clock of this machine says 1970-01-01T00:00:10Z.*made at 2024-01-01/,
    )
    is('1.0.0')
    ok(install(release('1.1.0+b'), ['--channel', 'stable']), /1\.1\.0\+b runs/)
    refused(install(release('1.1.0+a'), ['--channel', 'stable']), /another build of 1\.1\.0\+b, .*--allow-downgrade/)
    is('1.1.0+b')
    writeFileSync(join(box.etc, 'update.yaml'), 'version: 1\n')
    refused(install(release('1.2.0', { manifest: { channel: 'beta' } })), /this box takes stable/)
  },
)

test('of the versions before two stay, and six copies of the configuration', peers, (t) => {
  const { box, release, install, ok } = rig(t)
  ok(install(release('1.0.0')), /runs/)
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
    mkdirSync(join(box.state, 'config', `2020-${name}`), { recursive: true })
  ok(install(release('1.2.0')), /confirmed/)
  ok(install(release('1.10.0')), /confirmed/)
  const last = install(release('1.11.0'))
  ok(last, /removed 1\.0\.0/)
  assert.deepEqual(readdirSync(join(box.prefix, 'versions')).toSorted(), ['1.10.0', '1.11.0', '1.2.0'])
  assert.deepEqual(readdirSync(join(box.state, 'config')).length, 6)
})

test('what the installer writes is on the disk before it has its name, and the trial before the link', peers, (t) => {
  const { root, box, release, install, ok } = rig(t)
  ok(install(release('1.0.0')), /runs/)
  rmSync(join(box.etc, 'update.yaml'))
  const log = join(root, 'log')
  const both = (name: string) =>
    exchange(root, name, `echo "${name} $*" >>${log}; exec /bin/${name} "$@"`).PATH!.split(':')[0]!
  const PATH = `${both('sync')}:${both('mv')}:${root}/bin:${process.env.PATH}`
  ok(install(release('1.1.0'), [], { PATH }), /confirmed/)
  const lines = readFileSync(log, 'utf8').split('\n')
  const at = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line))
  for (const [name, folder] of [
    ['trial', box.state],
    ['update.yaml', box.etc],
  ] as const) {
    const moved = at(new RegExp(`^mv .* ${folder}/${name}$`))
    const from = lines[moved]!.split(' ').at(-2)
    assert.deepEqual([lines[moved - 1], lines[moved + 1]], [`sync ${from}`, `sync ${folder}`])
  }
  assert.ok(at(/^mv .*\/trial$/) < at(/^mv .*\/opt\/bifrost\/current$/))
})

test('the time for health is read as the updater reads it, told, and refused outside of its bounds', peers, (t) => {
  const { box, release, install, is, ok, refused } = rig(t)
  ok(install(release('1.0.0')), /runs/)
  const next = release('1.1.0')
  for (const [text, seconds] of [
    ["'1.5m' # long", 90],
    ['12500', 13],
    ['20 s', 20],
    ['10min', 600],
    [undefined, 20],
  ] as const) {
    writeFileSync(join(box.etc, 'update.yaml'), `version: 1\n${text === undefined ? '' : `healthyWithin: ${text}\n`}`)
    ok(install(next, ['--dry-run']), new RegExp(`wait ${seconds} s for health`))
  }
  for (const text of ['1h', '7s', '20', '11m', '20x', 'soon']) {
    writeFileSync(join(box.etc, 'update.yaml'), `version: 1\nhealthyWithin: ${text}\n`)
    refused(install(next), new RegExp(`update\\.yaml: healthyWithin is ${text}, and must be 8s to 10m`))
  }
  is('1.0.0')
})

test('--dry-run verifies and changes nothing', peers, (t) => {
  const { root, release, install, ok, refused } = rig(t)
  const files = () => globSync('**', { cwd: root }).toSorted()
  const from = release('1.0.0')
  const before = files()
  ok(install(from, ['--dry-run']), /nothing was changed/)
  refused(install(release('1.0.0', { key: newSigningKey() }), ['--dry-run']), /not signed/)
  assert.deepEqual(files().filter((name) => !name.startsWith('releases')), before.filter((name) => !name.startsWith('releases'))) // prettier-ignore
})

test('who is not root is told so', { skip: needs('setpriv') || process.getuid?.() !== 0 }, () => {
  const env = { PATH: process.env.PATH ?? '' }
  const as = ['--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-s', '--', '--from', '/']
  const { status, stderr } = spawnSync('setpriv', as, { input: readFileSync(SCRIPT), env, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /needs root/)
})

test('a machine of another architecture is refused by its name', peers, (t) => {
  const { root, release, install, refused, is } = rig(t)
  refused(
    install(release('1.0.0'), [], exchange(root, 'uname', '[ "$1" = -m ] && echo armv7l || echo Linux')),
    /armv7l/,
  )
  is(undefined)
})

test(
  'cut off by a signal or by kill -9 while it unpacks: what ran goes on, and the next try goes through',
  peers,
  (t) => {
    const { root, box, release, install, ok, is } = rig(t)
    ok(install(release('1.0.0')), /runs/)
    const next = release('1.1.0')
    const terminated = install(next, [], exchange(root, 'tar', 'kill -TERM $PPID; sleep 0.3; exit 1'))
    assert.notEqual(terminated.status, 0)
    is('1.0.0')
    const killed = install(next, [], exchange(root, 'tar', 'kill -KILL $PPID'))
    assert.equal(killed.status, null)
    assert.equal(readlinkSync(join(box.prefix, 'current')), 'versions/1.0.0')
    assert.equal(existsSync(join(box.prefix, '.incoming-1.1.0')), true)
    ok(install(next), /1\.1\.0 runs and is confirmed/)
    is('1.1.0')
  },
)

test('a link in the folder that the gateway may write is not followed, neither where it leads nowhere', peers, (t) => {
  const { root, box, release, install, ok, refused, is } = rig(t)
  const victim = join(root, 'root-file')
  writeFileSync(victim, 'of root')
  for (const name of ['bifrost.yaml', 'update.yaml'])
    for (const target of [victim, '/nowhere']) {
      symlinkSync(target, join(box.etc, name))
      refused(install(release('1.0.0')), new RegExp(`${name} is a link to ${target}: .*nothing was changed`))
      is(undefined)
      rmSync(join(box.etc, name))
    }
  for (const name of ['bifrost.yaml.new', 'update.yaml.new']) symlinkSync(victim, join(box.etc, name))
  ok(install(release('1.0.0')), /1\.0\.0 runs/)
  assert.equal(readFileSync(victim, 'utf8'), 'of root')
  assert.deepEqual(readdirSync(box.etc).filter((name) => lstatSync(join(box.etc, name)).isFile()), ['bifrost.yaml', 'update.yaml']) // prettier-ignore
  assert.deepEqual([statSync(join(box.etc, 'bifrost.yaml')).mode & 0o777, statSync(join(box.etc, 'update.yaml')).mode & 0o777], [0o640, 0o644]) // prettier-ignore
})

test('while a version is on trial nothing else is installed; a link that leads nowhere is repaired', peers, (t) => {
  const { root, box, release, install, ok, refused, is } = rig(t)
  ok(install(release('1.0.0')), /runs/)
  ok(install(release('1.1.0')), /confirmed/)
  writeFileSync(join(box.state, 'trial'), 'from=1.0.0\nto=1.1.0\nseconds=20\n')
  for (const version of ['1.2.0', '1.1.0'])
    refused(install(release(version)), /1\.1\.0 is on trial: wait for the verdict/)
  assert.equal(readlinkSync(join(box.prefix, 'current')), 'versions/1.1.0')
  rmSync(join(box.prefix, 'versions', '1.1.0'), { recursive: true })
  ok(install(release('1.1.0')), /1\.1\.0 runs\n[\s\S]*current leads to versions\/1\.1\.0, which is not there/)
  is('1.1.0')
  assert.equal(readFileSync(join(root, 'systemd', 'runs'), 'utf8').trim(), '1.1.0')
})

test('a server that sends without end is cut off', peers, (t) => {
  const { root, install, refused, is } = rig(t)
  const endless = { ...exchange(root, 'wget', 'exec cat /dev/zero'), ...exchange(root, 'curl', 'exec cat /dev/zero') }
  refused(install('http://127.0.0.1:9', [], endless), /manifest\.json is larger than 262144 bytes/)
  refused(install('http://127.0.0.1:9', [], exchange(root, 'curl', 'exit 22')), /could not be fetched/)
  is(undefined)
})

test(
  'without the user of the gateway nothing of it is run as root in its place',
  { skip: process.getuid?.() !== 0 },
  (t) => {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'id'), '#!/bin/sh\n[ "$1" = -u ] && [ $# = 1 ] && echo 0\n', { mode: 0o755 })
    for (const script of ['install.sh', 'bifrost-gate']) {
      const body = /^as_gateway\(\) \{\n[\s\S]*?^\}\n/m.exec(readFileSync(join(EDGE, script), 'utf8'))![0]
      const call = `root=\nlog() { echo "$*"; }\n${body}as_gateway touch ${folder}/made`
      const env = { PATH: `${folder}:${process.env.PATH ?? ''}` }
      const { status, stdout } = spawnSync('sh', ['-c', call], { env, encoding: 'utf8' })
      assert.equal(status, 1)
      assert.match(stdout, /touch is not run as root/)
      assert.equal(existsSync(join(folder, 'made')), false)
    }
  },
)

const ownMounts = { skip: needs('unshare', 'openssl', 'setpriv') || (process.getuid?.() !== 0 && 'mounts need root') }
test('a full disk: said before, and survived where it fills up on the way', ownMounts, (t) => {
  const { root, box, release, install, ok, is } = rig(t)
  ok(install(release('1.0.0')), /runs/)
  const big = release('1.1.0', { ballast: Buffer.from(Array.from({ length: 3_000_000 }, () => Math.random() * 256)) })
  const opt = box.prefix
  const on = (df: string) => {
    const inside = `cp -a ${opt} ${root}/copy && mount -t tmpfs -o size=2m tmpfs ${opt} && cp -a ${root}/copy/. ${opt}/ && rm -rf ${root}/copy
sh ${SCRIPT} --from ${big} --trust ${root}/trust.pem; echo "code $?"; readlink ${opt}/current; ls -A ${opt}; ${opt}/current/bin/bifrost version`
    const env = { ...process.env, ...exchange(root, 'df', df), BIFROST_UPDATE_ROOT: root, BIFROST_INSTALL_SYSTEMD: '1' }
    const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', inside], { env, encoding: 'utf8' })
    return `${stderr}\n${stdout}`
  }
  const whole = /code 1\nversions\/1\.0\.0\nbifrost-gate\ncurrent\nversions\n1\.0\.0\n$/
  const before = on('exec /bin/df "$@"')
  assert.match(before, /needs \d+ MiB, and .* has \d+ MiB left: nothing was changed/)
  assert.match(before, whole)
  const midway = on('echo; echo "x 1 1 999999999 1% /"')
  assert.match(midway, /is the disk full\?/)
  assert.match(midway, whole)
  is('1.0.0')
})

test(
  'units: nothing that systemd does not know, and as shut as they should be',
  { skip: needs('systemd-analyze') },
  () => {
    const exposure = (unit: string): number => {
      const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', join(EDGE, unit)], { encoding: 'utf8' }) // prettier-ignore
      return Number(/exposure level for \S+: ([\d.]+)/.exec(stdout)![1])
    }
    assert.ok(exposure('bifrost.service') <= 1.5)
    assert.ok(exposure('bifrost-update.service') <= 3)
    assert.ok(exposure('bifrost-update-gate.service') <= 6)
    for (const unit of globSync('*.{service,timer}', { cwd: EDGE })) {
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(EDGE, unit)], { encoding: 'utf8' })
      assert.deepEqual(
        stderr.split('\n').filter((line) => line !== '' && !line.includes('is not executable')),
        [],
        unit,
      )
    }
  },
)

test('the scripts of the box are clean in the eyes of shellcheck', { skip: needs('shellcheck') }, () => {
  const scripts = ['install.sh', 'bifrost-gate', 'try-edge.sh'].map((name) => join(EDGE, name)).filter((file) => existsSync(file)) // prettier-ignore
  const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', ...scripts], { encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})
