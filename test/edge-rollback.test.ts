/** `install.sh rollback` on boxes below a temporary root: in a trial, while somebody waits for its verdict, cut off, and without a trial. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exchange, peers, rig, SCRIPT } from '../src/testing/installer-rig.ts'
import { eventually } from '../src/testing/peers.ts'
import { behave } from '../src/testing/release-stand-in.ts'

test('rollback in a trial goes to what was switched from, and units and gate go with it', peers, (t) => {
  const { root, box, release, install, sh, is, ok } = rig(t)
  const units = join(root, 'etc/systemd/system')
  const lastLine = (file: string) => readFileSync(file, 'utf8').trim().split('\n').at(-1)
  const are = (version: string): void => {
    const files = [...readdirSync(units).map((name) => join(units, name)), join(box.prefix, 'bifrost-gate')]
    assert.equal(files.length, 11)
    assert.deepEqual([...new Set(files.map(lastLine))], [`# of ${version}`])
  }
  ok(install(release('1.0.0')), /runs/)
  are('1.0.0')
  ok(install(release('1.1.0')), /confirmed/)
  are('1.1.0')
  behave(root, '1.2.0', 'dead')
  appendFileSync(join(box.etc, 'update.yaml'), 'health: https://127.0.0.1:8443 # by TLS\n')
  const settings = readFileSync(join(box.etc, 'update.yaml'), 'utf8')
  writeFileSync(join(box.etc, 'update.yaml'), settings.replace('healthyWithin: 20s', 'healthyWithin: 1m'))
  // The installer and the judge die after the switch.
  install(release('1.2.0'), [], exchange(root, 'sleep', 'kill -KILL $PPID'))
  assert.equal(readlinkSync(join(box.prefix, 'current')), 'versions/1.2.0')
  assert.match(readFileSync(join(box.state, 'trial'), 'utf8'), /^seconds=60\n.*\nurl=https:\/\/127\.0\.0\.1:8443$/m)
  ok(sh(['rollback']), /1\.2\.0 → 1\.1\.0, from which it was switched\n[\s\S]*1\.1\.0 runs again/)
  is('1.1.0')
  are('1.1.0')
  ok(sh(['rollback', '--dry-run']), /1\.1\.0 → 1\.0\.0/)
})

test(
  'rollback while the installer waits for the verdict: back at once, with accounts that the former version reads',
  peers,
  async (t) => {
    const { root, box, env, trust, release, install, sh, is, ok } = rig(t)
    ok(install(release('1.0.0')), /runs/)
    const accounts = join(root, 'var/lib/bifrost/accounts.db')
    writeFileSync(accounts, 'form of 1.0.0')
    appendFileSync(join(box.etc, 'bifrost.yaml'), '# mine\n')
    behave(root, '1.1.0', 'mute')
    const upgrade = spawn('sh', [SCRIPT, '--from', release('1.1.0'), '--trust', trust], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [upgrade.stdout, upgrade.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const ended = once(upgrade, 'close')
    await eventually('1.1.0 is started', () => readFileSync(join(root, 'systemd/runs'), 'utf8').trim() === '1.1.0')
    writeFileSync(accounts, 'newer-than-1.0.0')
    appendFileSync(join(box.etc, 'bifrost.yaml'), '# refused-by-1.0.0\n')
    assert.ok(existsSync(join(box.state, 'lock')))
    ok(sh(['rollback']), /1\.1\.0 → 1\.0\.0, from which it was switched\n[\s\S]*1\.0\.0 runs again/)
    assert.equal((await ended)[0], 1)
    assert.match(said, /1\.1\.0 did not come up, 1\.0\.0 runs again: .*somebody went back from it to 1\.0\.0/)
    is('1.0.0')
    assert.equal(readFileSync(accounts, 'utf8'), 'form of 1.0.0')
    assert.match(readFileSync(join(box.etc, 'bifrost.yaml'), 'utf8'), /# mine\n$/)
  },
)

for (const [where, name, script] of [
  ['before the link is moved', 'ln', 'case $* in *.current.new*) kill -KILL $PPID ;; esac; exec /bin/ln "$@"'],
  ['after the link was moved', 'sync', '[ $# -gt 0 ] || kill -KILL $PPID; exec /bin/sync "$@"'],
] as const)
  test(
    `a rollback without a trial that is cut off ${where}: after the next start version and units fit`,
    peers,
    (t) => {
      const { root, box, env, release, install, sh, ok } = rig(t)
      ok(install(release('1.0.0')), /runs/)
      ok(install(release('1.1.0')), /confirmed/)
      assert.equal(sh(['rollback'], exchange(root, name, script)).status, null)
      spawnSync('systemctl', ['restart', 'bifrost.service'], { env })
      const units = join(root, 'etc/systemd/system')
      const files = [...readdirSync(units).map((name) => join(units, name)), join(box.prefix, 'bifrost-gate')]
      const of = new Set(
        files.map((file) => readFileSync(file, 'utf8').trim().split('\n').at(-1)!.replace('# of ', 'versions/')),
      )
      assert.deepEqual([...of], [readlinkSync(join(box.prefix, 'current'))])
      ok(sh(['rollback']), /runs again/)
      assert.equal(existsSync(join(box.state, 'units')), false)
    },
  )
