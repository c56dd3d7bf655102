/** `bifrost update` as it is called: settings, exit codes, and what the timer does and leaves alone. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs, { chmodSync, chownSync, cpSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../testing/peers.ts'
import { makeBox, makeRelease, newSigningKey } from '../testing/release-stand-in.ts'
import type { Manifest } from '../release/manifest.ts'
import { readOwn } from './update-settings.ts'

const key = newSigningKey()
const BIFROST = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

function rig(t: TestContext, manifest: Partial<Manifest> = {}) {
  const root = temporaryFolder(t)
  const { box, env } = makeBox(root, '1.0.0')
  spawnSync('systemctl', ['restart', 'bifrost.service'], { env: { ...process.env, ...env } })
  const release = join(root, 'release')
  makeRelease(release, { version: '1.1.0', key, manifest })
  const trust = join(root, 'trust.pem')
  writeFileSync(trust, key.publicPem)
  const settings = (text: string): void => writeFileSync(join(box.etc, 'update.yaml'), text)
  settings(`version: 1\nenabled: true\nsource: ${release}\ntrust: ${trust}\nhealthyWithin: 8s\nbox: pump-house-3\n`)
  const update = (...args: string[]) => {
    const all = { ...process.env, ...env }
    const { status, stdout, stderr } = spawnSync(BIFROST, ['update', ...args], { env: all, encoding: 'utf8' })
    return { status, said: stdout + stderr, json: () => JSON.parse(stdout) as Record<string, unknown> }
  }
  return { root, box, release, trust, settings, update, is: () => readlinkSync(join(box.prefix, 'current')) }
}

test('check, apply by the timer, status, rollback', (t) => {
  const { update, is } = rig(t)
  const found = update('check', '--json')
  assert.equal(found.status, 5, found.said)
  assert.deepEqual([found.json().installed, found.json().offered], ['1.0.0', '1.1.0'])
  const taken = update('apply', '--automatic')
  assert.equal(taken.status, 0, taken.said)
  assert.equal(is(), 'versions/1.1.0')
  assert.equal(update('check').status, 0)
  const { installed, previous, trial } = update('status', '--json').json()
  assert.deepEqual({ installed, previous, trial }, { installed: '1.1.0', previous: '1.0.0', trial: null })
  assert.equal(update('rollback').status, 0)
  assert.equal(is(), 'versions/1.0.0')
  const again = update('apply', '--automatic')
  assert.equal(again.status, 0)
  assert.match(again.said, /left before and is not tried again: .*somebody went back/)
})

test('rollback in a trial goes to what was switched from', (t) => {
  const { root, box, update, is } = rig(t)
  assert.equal(update('apply').status, 0)
  cpSync(join(box.prefix, 'versions/1.1.0'), join(box.prefix, 'versions/1.2.0'), { recursive: true })
  writeFileSync(join(box.state, 'trial'), 'from=1.1.0\nto=1.2.0\nseconds=20\n')
  spawnSync('ln', ['-sfn', 'versions/1.2.0', join(root, 'opt/bifrost/current')])
  const { status, said } = update('rollback')
  assert.equal(status, 0, said)
  assert.equal(is(), 'versions/1.1.0')
  assert.equal(update('status', '--json').json().trial, null)
})

test('the timer leaves it: switched off, window shut, stage not reached; a person is not held up', (t) => {
  const { release, trust, settings, update, is } = rig(t, { rollout: { percent: 0 } })
  const automatic = (text: string, pattern: RegExp): void => {
    settings(`version: 1\nsource: ${release}\ntrust: ${trust}\nhealthyWithin: 8s\n${text}`)
    const { status, said } = update('apply', '--automatic')
    assert.equal(status, 0, said)
    assert.match(said, pattern)
    assert.equal(is(), 'versions/1.0.0')
  }
  automatic('', /switched off/)
  const tomorrow = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getDay() + 2) % 7]
  automatic(`enabled: true\nwindow: ${tomorrow} 12:00-12:30\n`, /window of the settings is shut/)
  automatic('enabled: true\n', /for 0 % of the boxes/)
  assert.equal(update('apply').status, 0)
  assert.equal(is(), 'versions/1.1.0')
})

test('settings that are wrong are told by file, line and column', (t) => {
  const { box, settings, update } = rig(t)
  settings('version: 1\nenabeld: true\nwindow: Sunday\nkeep: 1\n')
  const { status, said } = update('status')
  assert.equal(status, 78)
  assert.match(said, /update\.yaml:2:1 enabeld: unknown key "enabeld", did you mean "enabled"\?/)
  assert.match(said, /update\.yaml:3:9 window: "Sunday": expected days and times, such as Sun 02:00-04:00/)
  assert.match(said, /update\.yaml:4:7 keep: expected at least 2/)
  settings('version: 1\nenabled: true\n')
  assert.match(update('status').said, /update\.yaml:2:10 enabled: there is no `source`/)
  assert.match(update('check').said, /there is no `source`/)
  settings('version: 1\n')
  const file = join(box.etc, 'update.yaml')
  renameSync(file, `${file}.away`)
  symlinkSync(`${file}.away`, file)
  assert.match(update('status').said, /must be a file, and it is a link/)
  renameSync(`${file}.away`, file)
  if (process.getuid?.() !== 0) return
  chownSync(file, 65534, 65534)
  assert.match(update('status').said, /must belong to root/)
  chownSync(file, 0, 0)
  chmodSync(file, 0o666)
  assert.match(update('status').said, /must belong to root, and nobody else may write it/)
})

test(
  'what is read is what was looked at, though the path is another file meanwhile',
  { skip: process.getuid?.() !== 0 },
  (t) => {
    const file = join(temporaryFolder(t), 'update.yaml')
    writeFileSync(file, 'of root')
    const real = fs.fstatSync
    t.after(() => {
      fs.fstatSync = real
      syncBuiltinESMExports()
    })
    const exchanged = (...args: Parameters<typeof real>): unknown => {
      const about = real(...args)
      fs.rmSync(file)
      fs.writeFileSync(file, 'of somebody else')
      return about
    }
    fs.fstatSync = exchanged as typeof real
    syncBuiltinESMExports()
    assert.equal(readOwn(file), 'of root')
  },
)

test('verify looks at every file of a release without a box', (t) => {
  const { release, trust, update } = rig(t)
  const good = update('verify', release, '--trust', trust)
  assert.equal(good.status, 0, good.said)
  assert.match(good.said, /1 file is as it was signed/)
  assert.match(update('verify', release).said, /trusts only/)
  writeFileSync(join(release, `bifrost-1.1.0-linux-${process.arch}.tar.gz`), 'nonsense')
  const bad = update('verify', release, '--trust', trust)
  assert.equal(bad.status, 1)
  assert.match(bad.said, /has 8 bytes and should have/)
})
