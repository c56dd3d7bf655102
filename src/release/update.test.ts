/**
 * What comes of a release on a box: confirmed, or left with everything as it was. The gate is the real script; systemd and the gateway are
 * played (deploy/edge/try-edge.sh runs the same with the real ones).
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs' // prettier-ignore
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryFolder } from '../testing/peers.ts'
import { fails, key, rig, signal } from '../testing/box-rig.ts'
import { behave, makeBox, newSigningKey, writeManifest } from '../testing/release-stand-in.ts'
import { installedVersion } from './box.ts'
import { openSource } from './source.ts'
import { beginTrial, history, previousVersion, readTrial, versionsThere, whyBad } from './state.ts'
import { goBackTo } from './switch.ts'
import { look, take } from './update.ts'

test('a healthy version is confirmed, the one before stays, older ones go', async (t) => {
  const { box, release, apply, runs } = rig(t)
  await apply(release('1.1.0'))
  assert.deepEqual([installedVersion(box), runs(), previousVersion(box), readTrial(box)], ['1.1.0', '1.1.0', '1.0.0', undefined]) // prettier-ignore
  await apply(release('1.2.0'))
  assert.deepEqual(versionsThere(box).toSorted(), ['1.1.0', '1.2.0'])
  assert.deepEqual(history(box).map(({ from, to, result }) => `${from} ${to} ${result}`), ['1.0.0 1.1.0 confirmed', '1.1.0 1.2.0 confirmed']) // prettier-ignore
})

for (const how of ['dead', 'mute'] as const)
  test(`a version that is ${how} is left, the former one runs, and the timer does not try it again`, async (t) => {
    const { root, box, release, apply, update, runs } = rig(t)
    behave(root, '1.1.0', how)
    const folder = release('1.1.0')
    await assert.rejects(apply(folder), fails('UPDATE_FAILED', /1\.1\.0 did not come up, 1\.0\.0 runs again/))
    assert.deepEqual([installedVersion(box), runs(), readTrial(box)], ['1.0.0', '1.0.0', undefined])
    assert.deepEqual(versionsThere(box), ['1.0.0'])
    assert.match(whyBad(box, '1.1.0')!, how === 'dead' ? /started 3 times/ : /not healthy within/)
    assert.match((await look(update(folder), signal)).bad!, /healthy/)
    await assert.rejects(apply(folder), fails('UPDATE_FAILED', /--again/))
    behave(root, '1.1.0', 'healthy')
    await apply(folder, { again: true })
    assert.equal(runs(), '1.1.0')
  })

test('a stop that takes its time: what still runs from before is no proof of the new version', async (t) => {
  const { root, box, release, apply } = rig(t)
  behave(root, '1.1.0', 'dead')
  const folder = release('1.1.0')
  writeFileSync(join(root, 'systemd', 'slow'), '')
  await assert.rejects(
    apply(folder, { gate: { seconds: 8, url: undefined } }),
    fails('UPDATE_FAILED', /did not come up/),
  )
  assert.equal(installedVersion(box), '1.0.0')
})

test('configuration that the new version refuses: nothing is switched, and its words are told', async (t) => {
  const { box, release, apply, untouched } = rig(t)
  appendFileSync(join(box.etc, 'bifrost.yaml'), '# refused-by-1.1.0\n')
  await assert.rejects(
    apply(release('1.1.0')),
    fails('UPDATE_FAILED', /does not take.*\n.*bifrost\.yaml:2:1: refused here/),
  )
  untouched()
})

test('going back, a configuration that the former version still reads stays as somebody changed it', async (t) => {
  const { root, box, release, apply } = rig(t)
  behave(root, '1.1.0', 'mute')
  const folder = release('1.1.0')
  const changed = setTimeout(() => appendFileSync(join(box.etc, 'bifrost.yaml'), '# edited meanwhile\n'), 2500)
  t.after(() => clearTimeout(changed))
  await assert.rejects(apply(folder, { gate: { seconds: 6, url: undefined } }))
  assert.match(readFileSync(join(box.etc, 'bifrost.yaml'), 'utf8'), /edited meanwhile/)
})

test('going back, a configuration that was migrated comes back as it was, and the migrated one is kept', async (t) => {
  const { root, box, release, apply } = rig(t)
  behave(root, '1.1.0', 'mute')
  const folder = release('1.1.0')
  const changed = setTimeout(
    () => writeFileSync(join(box.etc, 'bifrost.yaml'), 'version: 2 # refused-by-1.0.0\n'),
    2500,
  )
  t.after(() => clearTimeout(changed))
  await assert.rejects(apply(folder, { gate: { seconds: 6, url: undefined } }))
  assert.equal(readFileSync(join(box.etc, 'bifrost.yaml'), 'utf8'), 'version: 1\n')
  assert.match(readFileSync(join(box.state, 'config', 'after-1.1.0', 'bifrost.yaml'), 'utf8'), /version: 2/)
})

test('going back, accounts that the new version brought to a newer form come back as they were', async (t) => {
  const { root, box, release, apply } = rig(t)
  const accounts = join(root, 'var', 'lib', 'bifrost', 'accounts.db')
  writeFileSync(accounts, 'form 1')
  behave(root, '1.1.0', 'mute')
  const folder = release('1.1.0')
  const changed = setTimeout(() => writeFileSync(accounts, 'form 2 newer-than-1.0.0'), 2500)
  t.after(() => clearTimeout(changed))
  await assert.rejects(apply(folder, { gate: { seconds: 6, url: undefined } }))
  assert.equal(readFileSync(accounts, 'utf8'), 'form 1')
  assert.match(readFileSync(join(box.state, 'accounts-after-1.1.0', 'accounts.db'), 'utf8'), /form 2/)
})

/** A box whose version 1.1.0 is on trial, was started three times, and is left by the next start. */
function fourthStart(t: TestContext) {
  const { root, box } = rig(t)
  const versions = join(box.prefix, 'versions')
  cpSync(join(versions, '1.0.0'), join(versions, '1.1.0'), { recursive: true })
  const data = join(root, 'var', 'lib', 'bifrost')
  const kept = join(box.state, 'accounts')
  mkdirSync(kept)
  const trial = { from: '1.0.0', to: '1.1.0', began: '2026-11-29T12:00:00Z', seconds: 2, config: '', url: '', invocation: '' } // prettier-ignore
  const start = () => {
    rmSync(join(box.prefix, 'current'))
    symlinkSync('versions/1.1.0', join(box.prefix, 'current'))
    beginTrial(box, trial)
    writeFileSync(join(box.state, 'tries'), '3\n')
    return spawnSync(join(box.prefix, 'bifrost-gate'), ['start'], { encoding: 'utf8' })
  }
  return { root, box, versions, data, kept, start, accounts: join(data, 'accounts.db') }
}

test('going back, root follows no link that the gateway left in the place of its accounts', (t) => {
  const { root, box, data, kept, start, accounts } = fourthStart(t)
  const victim = join(root, 'root-file')
  writeFileSync(victim, 'of root: newer-than-1.0.0')
  writeFileSync(join(kept, 'accounts.db'), 'form 1')
  writeFileSync(join(kept, 'accounts.db-wal'), 'wal 1')
  for (const name of [
    'accounts.db',
    'accounts.db-wal',
    'accounts.db.back',
    'accounts.db-wal.back',
    'accounts.db-other',
  ])
    symlinkSync(victim, join(data, name))
  chmodSync(data, 0o750)
  if (process.getuid?.() === 0) chownSync(data, 65534, 65534)
  const before = statSync(data)
  assert.equal(start().status, 0)
  assert.equal(readFileSync(victim, 'utf8'), 'of root: newer-than-1.0.0')
  assert.ok(lstatSync(accounts).isFile() && lstatSync(`${accounts}-wal`).isFile())
  assert.deepEqual([readFileSync(accounts, 'utf8'), readFileSync(`${accounts}-wal`, 'utf8')], ['form 1', 'wal 1'])
  assert.deepEqual(readdirSync(data).toSorted(), ['accounts.db', 'accounts.db-other', 'accounts.db-wal'])
  const after = statSync(data)
  assert.deepEqual([after.mode, after.uid, after.gid], [before.mode, before.uid, before.gid])
  assert.deepEqual(readdirSync(join(box.state, 'accounts-after-1.1.0')), [])
})

test('going back, accounts that a power cut left away or half way back come back whole', (t) => {
  const { box, kept, start, accounts } = fourthStart(t)
  writeFileSync(join(kept, 'accounts.db'), 'form 1')
  assert.equal(start().status, 0)
  assert.deepEqual([readFileSync(accounts, 'utf8'), installedVersion(box)], ['form 1', '1.0.0'])
  const next = fourthStart(t)
  writeFileSync(join(next.kept, 'accounts.db'), 'form 1')
  writeFileSync(join(next.kept, 'restoring'), '1.1.0\n')
  writeFileSync(next.accounts, 'form 2, that the former version reads')
  writeFileSync(`${next.accounts}-shm`, '')
  assert.equal(next.start().status, 0)
  assert.deepEqual([readdirSync(next.data), readFileSync(next.accounts, 'utf8')], [['accounts.db'], 'form 1'])
  assert.equal(existsSync(join(next.kept, 'restoring')), false)
})

test('where it cannot go back, the trial stays on and the version on trial stays there', (t) => {
  const { root, box, versions, start } = fourthStart(t)
  const stays = (pattern: RegExp): void => {
    const { stderr } = start()
    assert.match(stderr, pattern)
    assert.deepEqual([installedVersion(box), readTrial(box)?.to], ['1.1.0', '1.1.0'])
    assert.ok(existsSync(join(versions, '1.1.0', 'bin', 'bifrost')))
  }
  writeFileSync(join(root, 'bin', 'ln'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  stays(/current could not be moved to 1\.0\.0; 1\.1\.0 stays on trial/)
  rmSync(join(root, 'bin', 'ln'))
  cpSync(join(versions, '1.0.0'), join(root, 'away'), { recursive: true })
  rmSync(join(versions, '1.0.0'), { recursive: true })
  stays(/1\.0\.0 is not there or not whole/)
  cpSync(join(root, 'away'), join(versions, '1.0.0'), { recursive: true })
  assert.equal(start().status, 0)
  assert.deepEqual([installedVersion(box), readTrial(box), existsSync(join(versions, '1.1.0'))], ['1.0.0', undefined, false]) // prettier-ignore
})

test('the window is asked once more just before the switch, and the tarball is kept for the next', async (t) => {
  const { box, release, update, apply, untouched } = rig(t)
  const folder = release('1.1.0')
  const one = update(folder, { whyNotNow: () => 'the window is shut' })
  mkdirSync(join(box.state, 'download'))
  writeFileSync(join(box.state, 'download', '0123456789abcdef-part-of-a-release-that-was-given-up'), '')
  assert.equal(await take(one, await look(one, signal), signal), 'the window is shut')
  untouched()
  assert.deepEqual(readdirSync(join(box.state, 'download')).map((name) => name.slice(17)), [`bifrost-1.1.0-linux-${process.arch}.tar.gz`]) // prettier-ignore
  await apply(folder)
  assert.deepEqual([installedVersion(box), existsSync(join(box.state, 'download'))], ['1.1.0', false])
})

test('each release that is not right is refused, and leaves everything as it was', async (t) => {
  const { release, apply, untouched } = rig(t)
  const damaged = release('1.1.0')
  const file = join(
    damaged,
    readdirSync(damaged).find((name) => name.endsWith('.gz'))!,
  )
  const bytes = readFileSync(file)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(file, bytes)
  await assert.rejects(apply(damaged), fails('RELEASE_REFUSED', /damaged or exchanged/))
  truncateSync(file, bytes.length - 10)
  await assert.rejects(apply(damaged), fails('RELEASE_REFUSED', /not copied whole/))
  await assert.rejects(apply(release('1.2.0', { key: newSigningKey() })), fails('RELEASE_REFUSED', /trusts only/))
  await assert.rejects(apply(release('0.9.0')), fails('RELEASE_REFUSED', /--allow-downgrade/))
  const expired = { created: '2024-01-01T00:00:00Z', expires: '2025-01-01T00:00:00Z' }
  await assert.rejects(apply(release('1.3.0', { manifest: expired })), fails('RELEASE_REFUSED', /expired/))
  const other = process.arch === 'arm64' ? 'x64' : 'arm64'
  await assert.rejects(apply(release('1.4.0', { arch: other })), fails('RELEASE_REFUSED', /no tarball for/))
  await assert.rejects(apply('/nowhere'), fails('NOT_FOUND', /manifest\.json/))
  untouched()
})

test('a release that was not made for boxes is refused after unpacking: nothing could judge it', async (t) => {
  const { release, apply, untouched } = rig(t)
  await assert.rejects(apply(release('1.1.0', { without: 'bifrost-gate' })), fails('UPDATE_FAILED', /no share\/edge\/bifrost-gate: it is not made for edge boxes/)) // prettier-ignore
  untouched()
})

test('a tarball of another version under a good signature is refused after unpacking', async (t) => {
  const { root, release, apply, untouched } = rig(t)
  const folder = release('1.1.0')
  const content = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))
  writeManifest(folder, { ...content, version: '1.5.0' }, key)
  await assert.rejects(apply(folder), fails('UPDATE_FAILED', /no bifrost-1\.5\.0/))
  untouched()
  assert.ok(existsSync(root))
})

test('over HTTP: a download that is cut off is gone on with', async (t) => {
  const { release, apply, untouched, runs } = rig(t)
  const folder = release('1.1.0', { ballast: Buffer.from(Array.from({ length: 300_000 }, () => Math.random() * 256)) })
  const ranges: (string | undefined)[] = []
  let cut = true
  const server = createServer((request, response) => {
    const name = request.url!.slice(1)
    const bytes = readFileSync(join(folder, name))
    if (!name.endsWith('.gz')) return void response.end(bytes)
    ranges.push(request.headers.range)
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': bytes.length - from })
    if (!cut) return void response.end(bytes.subarray(from))
    response.write(bytes.subarray(0, 150_000), () => setTimeout(() => response.destroy(), 200))
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await assert.rejects(apply(url), fails('NOT_CONNECTED', /cut off after \d+ of/))
  untouched()
  cut = false
  await apply(url)
  // What was still on its way to the disk is fetched again.
  assert.match(String(ranges[1]), /^bytes=[1-9]\d+-$/)
  assert.equal(ranges.length, 2)
  assert.equal(runs(), '1.1.0')
})

test('plain http from elsewhere is no source', () => {
  assert.throws(() => openSource('http://updates.example.com/', 'stable'), /https:\/\//)
  assert.equal(openSource('https://updates.example.com/{channel}/', 'beta').name, 'https://updates.example.com/beta/')
})

test('what was looked at before somebody else installed a newer version is a lower one now', async (t) => {
  const { release, update, apply, runs } = rig(t)
  const one = update(release('1.1.0'))
  const offer = await look(one, signal)
  await apply(release('1.2.0'))
  await assert.rejects(take(one, offer, signal), fails('RELEASE_REFUSED', /older than 1\.2\.0/))
  assert.equal(runs(), '1.2.0')
})

test('two at once: the second is told so; what a killed one left is taken over', async (t) => {
  const { box, release, apply, runs } = rig(t)
  const folder = release('1.1.0')
  const holder = spawn('sleep', ['60'])
  t.after(() => holder.kill())
  const stat = readFileSync(`/proc/${holder.pid}/stat`, 'utf8')
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(
    join(box.state, 'lock'),
    `${holder.pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]} ${boot}\n`,
  )
  await assert.rejects(apply(folder), fails('CONFLICT', /another update/))
  writeFileSync(join(box.state, 'lock'), `${holder.pid} 1 ${boot}\n`)
  await apply(folder)
  assert.equal(runs(), '1.1.0')
  // A power cut leaves a file without a word in it.
  writeFileSync(join(box.state, 'lock'), '')
  await apply(release('1.2.0'))
  assert.equal(runs(), '1.2.0')
  assert.deepEqual(readdirSync(box.state).filter((name) => name.startsWith('lock')), []) // prettier-ignore
})

test('power goes at any step of a switch: the next boot ends on a version that works', async (t) => {
  const { root, box, release, apply, runs } = rig(t)
  await apply(release('1.1.0'))
  const trial = { from: '1.0.0', to: '1.1.0', began: '2026-11-29T12:00:00Z', seconds: 2, config: '', url: '', invocation: '' } // prettier-ignore
  const boot = () => {
    spawnSync('systemctl', ['restart', 'bifrost.service'])
    return spawnSync('systemctl', ['start', 'bifrost-update-gate.service']).status
  }
  const versions = join(box.prefix, 'versions')
  cpSync(join(versions, '1.1.0'), join(root, 'kept'), { recursive: true })
  const link = (version: string) => {
    cpSync(join(root, 'kept'), join(versions, '1.1.0'), { recursive: true })
    spawnSync('ln', ['-sfn', `versions/${version}`, join(box.prefix, 'current')])
  }

  // Before the link moved: no trial is on, and the version is not marked.
  link('1.0.0')
  beginTrial(box, trial)
  boot()
  assert.deepEqual([runs(), readTrial(box), whyBad(box, '1.1.0')], ['1.0.0', undefined, undefined])
  assert.equal(history(box).at(-1)!.result, 'cut-off')

  // After it moved, before the restart, and the new version is well: it is confirmed.
  link('1.1.0')
  beginTrial(box, trial)
  assert.equal(boot(), 0)
  assert.deepEqual([runs(), readTrial(box), previousVersion(box)], ['1.1.0', undefined, '1.0.0'])

  // As before, and it is not well: back.
  behave(root, '1.1.0', 'mute')
  beginTrial(box, trial)
  assert.equal(boot(), 1)
  assert.deepEqual([runs(), readTrial(box)], ['1.0.0', undefined])
  assert.match(whyBad(box, '1.1.0')!, /not healthy within/)

  // Power goes in each trial: the fourth start is that of the former version, and nobody had to judge.
  link('1.1.0')
  beginTrial(box, trial)
  for (const expected of ['1.1.0', '1.1.0', '1.1.0', '1.0.0']) {
    spawnSync('systemctl', ['restart', 'bifrost.service'])
    assert.equal(runs(), expected)
  }
  assert.match(whyBad(box, '1.1.0')!, /started 3 times/)

  // While going back, after the link moved.
  beginTrial(box, trial)
  boot()
  assert.deepEqual([runs(), readTrial(box)], ['1.0.0', undefined])
})

test('by hand: back to the version before, which is judged too, and what was left is marked', async (t) => {
  const { box, release, apply, runs } = rig(t)
  await apply(release('1.1.0'))
  await goBackTo(box, '1.0.0', { seconds: 4, url: undefined })
  assert.deepEqual([runs(), previousVersion(box)], ['1.0.0', '1.1.0'])
  assert.match(whyBad(box, '1.1.0')!, /somebody went back/)
  assert.equal(history(box).at(-1)!.result, 'rolled-back')
})

test('what the installer did not put there is not updated', async (t) => {
  const root = temporaryFolder(t)
  const { box } = makeBox(root)
  assert.throws(() => installedVersion(box), fails('UPDATE_FAILED', /apt/))
  mkdirSync(box.prefix, { recursive: true })
  symlinkSync('/usr/bin', join(box.prefix, 'current'))
  assert.throws(() => installedVersion(box), fails('UPDATE_FAILED', /leads to no version/))
  assert.equal(readlinkSync(join(box.prefix, 'current')), '/usr/bin')
})
