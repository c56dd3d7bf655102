/** `install.sh rollback` on boxes below a temporary root. */
import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exchange, peers, rig } from '../src/testing/installer-rig.ts'
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
  rmSync(join(box.state, 'lock'), { force: true })
  ok(sh(['rollback']), /1\.2\.0 → 1\.1\.0\n[\s\S]*1\.1\.0 runs again/)
  is('1.1.0')
  are('1.1.0')
  ok(sh(['rollback', '--dry-run']), /1\.1\.0 → 1\.2\.0/)
})
