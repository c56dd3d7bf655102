/**
 * Units and gate go with the version: that of the gateway with the switch and the way back, the others and the gate when the version is
 * confirmed, because what judges must not be what is judged. Each of the stand-ins says in its last line of which version it is.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs' // prettier-ignore
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fails, rig } from '../testing/box-rig.ts'
import { eventually } from '../testing/peers.ts'
import { behave } from '../testing/release-stand-in.ts'
import { installedVersion } from './box.ts'
import { beginTrial, history, previousVersion, readTrial, whyBad } from './state.ts'
import { goBackTo } from './switch.ts'

function unitsRig(t: TestContext) {
  const all = rig(t)
  const { root, box } = all
  const units = join(root, 'etc', 'systemd', 'system')
  const last = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').at(-1)!.replace('# of ', '')
  const service = () => last(join(units, 'bifrost.service'))
  /** Of which versions the judge and all that is not judged is. */
  const others = () => {
    const files = globSync('*.{service,timer}', { cwd: units }).filter((name) => name !== 'bifrost.service')
    assert.equal(files.length, 9)
    return [...new Set([join(box.prefix, 'bifrost-gate'), ...files.map((name) => join(units, name))].map(last))]
  }
  /** As the updater leaves it when it dies after the link was moved. */
  const onTrial = (version: string): void => {
    const from = installedVersion(box)
    const invocation = spawnSync('systemctl', ['show', 'bifrost.service', '-p', 'InvocationID', '--value'], { encoding: 'utf8' }).stdout.trim() // prettier-ignore
    beginTrial(box, { from, to: version, began: '2026-11-29T12:00:00Z', seconds: 2, config: '', url: '', invocation })
    rmSync(join(box.prefix, 'current'))
    symlinkSync(`versions/${version}`, join(box.prefix, 'current'))
  }
  /** A version that lies there. */
  const lies = (version: string): void => {
    const folder = join(box.prefix, 'versions', version)
    spawnSync('tar', ['-xzf', globSync(join(all.release(version), '*.gz'))[0]!, '-C', root])
    renameSync(join(root, `bifrost-${version}`), folder)
  }
  const calls = () => readFileSync(join(root, 'systemd', 'calls'), 'utf8').split('\n')
  return { ...all, units, service, others, onTrial, lies, calls }
}

test('a version that is confirmed has brought its units and its gate, and what is masked stays so', async (t) => {
  const { box, units, release, apply, service, others, calls } = unitsRig(t)
  const masked = join(units, 'bifrost-drill.timer')
  rmSync(masked)
  symlinkSync('/dev/null', masked)
  await apply(release('1.1.0'))
  assert.equal(readFileSync(masked, 'utf8'), '')
  rmSync(masked)
  cpSync(join(box.prefix, 'versions/1.1.0/share/backup/bifrost-drill.timer'), masked)
  assert.deepEqual([service(), others()], ['1.1.0', ['1.1.0']])
  const all = calls()
  const reload = all.indexOf('daemon-reload')
  assert.ok(reload >= 0 && reload < all.findLastIndex((call) => call.startsWith('restart')))
  assert.deepEqual(globSync('*.new', { cwd: units }), [])

  await goBackTo(box, '1.0.0', { seconds: 4, url: undefined })
  assert.deepEqual([service(), others()], ['1.0.0', ['1.0.0']])
})

for (const how of ['mute', 'dead'] as const)
  test(`a version that is ${how} runs under its own unit, is judged by the gate of the former one, and both units are the former ones again`, async (t) => {
    const { root, release, apply, service, others, runs, units } = unitsRig(t)
    behave(root, '1.1.0', how)
    const folder = release('1.1.0')
    const seen: unknown[] = []
    const look = setInterval(() => {
      if (service() === '1.1.0' && seen.length === 0) seen.push(others())
    }, 20)
    t.after(() => clearInterval(look))
    await assert.rejects(apply(folder), fails('UPDATE_FAILED', /did not come up, 1\.0\.0 runs again/))
    assert.deepEqual(seen, [['1.0.0']])
    assert.deepEqual([service(), others(), runs()], ['1.0.0', ['1.0.0'], '1.0.0'])
    assert.ok(existsSync(join(units, 'bifrost.service')))
  })

test('an updater that died before anything was started: the judge brings the unit and starts the version', (t) => {
  const { lies, onTrial, runs, service, box } = unitsRig(t)
  lies('1.1.0')
  onTrial('1.1.0')
  assert.equal(runs(), '1.0.0')
  assert.equal(spawnSync('systemctl', ['start', 'bifrost-update-gate.service']).status, 0)
  assert.deepEqual([runs(), service(), readTrial(box), previousVersion(box)], ['1.1.0', '1.1.0', undefined, '1.0.0'])
})

test('where systemd does not take the new unit, the time of the trial runs out, and it goes back', async (t) => {
  const { root, box, release, apply, service } = unitsRig(t)
  writeFileSync(join(root, 'systemd', 'refuses'), '')
  await assert.rejects(apply(release('1.1.0')), fails('UPDATE_FAILED', /not started again/))
  assert.deepEqual([installedVersion(box), readTrial(box), service()], ['1.0.0', undefined, '1.0.0'])
})

test('where the unit of the new version cannot be written, it is left: under another one it was not tried', async (t) => {
  const { root, box, release, apply, service, runs } = unitsRig(t)
  const script = '#!/bin/sh\ncase $1 in */1.1.0/*) exit 1 ;; esac\nexec /bin/cp "$@"\n'
  writeFileSync(join(root, 'bin', 'cp'), script, { mode: 0o755 })
  await assert.rejects(apply(release('1.1.0')), fails('UPDATE_FAILED', /its unit could not be written/))
  assert.deepEqual([installedVersion(box), readTrial(box), service(), runs()], ['1.0.0', undefined, '1.0.0', '1.0.0'])
})

test('a unit that cannot be put back keeps the trial on, and the next judge goes back', (t) => {
  const { root, box, lies, onTrial, service, runs } = unitsRig(t)
  lies('1.1.0')
  behave(root, '1.1.0', 'mute')
  onTrial('1.1.0')
  const judge = () => spawnSync('systemctl', ['start', 'bifrost-update-gate.service'], { encoding: 'utf8' })
  // The disk is full as soon as the unit of 1.1.0 has been written.
  const cp = join(root, 'bin', 'cp')
  writeFileSync(cp, '#!/bin/sh\ncase $1 in */1.0.0/*) exit 1 ;; esac\nexec /bin/cp "$@"\n', { mode: 0o755 })
  const { status, stderr } = judge()
  assert.deepEqual([status, installedVersion(box), readTrial(box)?.to], [1, '1.1.0', '1.1.0'], stderr)
  assert.match(stderr, /the unit of 1\.0\.0 could not be put back; 1\.1\.0 stays on trial/)
  rmSync(cp)
  assert.equal(judge().status, 1)
  assert.deepEqual([installedVersion(box), readTrial(box), service(), runs()], ['1.0.0', undefined, '1.0.0', '1.0.0'])
  const unit = readFileSync(join(import.meta.dirname, '../../deploy/edge/bifrost-update-gate.service'), 'utf8')
  assert.match(unit, /^ConditionPathExists=\/var\/lib\/bifrost-update\/trial$/m)
  assert.match(unit, /^Restart=on-failure$/m)
})

test('each file that is put into place is on the disk before it counts', (t) => {
  const { root, box, lies } = unitsRig(t)
  lies('1.1.0')
  const log = join(root, 'log')
  for (const name of ['sync', 'mv']) {
    const script = `#!/bin/sh\necho "${name} $*" >>${log}\nexec /bin/${name} "$@"\n`
    writeFileSync(join(root, 'bin', name), script, { mode: 0o755 })
  }
  assert.equal(spawnSync(join(box.prefix, 'bifrost-gate'), ['units', '1.1.0']).status, 0)
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  assert.equal(lines.length, 3 * 11)
  for (let at = 0; at < lines.length; at += 3) {
    const file = lines[at]!.replace('sync ', '')
    assert.deepEqual(
      lines.slice(at, at + 3).map((line) => line.split(' ')[0]),
      ['sync', 'mv', 'sync'],
    )
    assert.match(file, /\.new$/)
    assert.equal(lines[at + 1], `mv -f ${file} ${file.replace('.new', '')}`)
    assert.equal(basename(lines[at + 2]!), basename(join(file, '..')))
  }
})

test('by hand while a version is on trial and nobody judges it: what it was switched from is what comes back', async (t) => {
  const { root, box, release, apply, lies, onTrial, runs, service, others } = unitsRig(t)
  await apply(release('1.1.0'))
  lies('1.2.0')
  behave(root, '1.2.0', 'healthy')
  onTrial('1.2.0')
  const gate = { seconds: 4, url: undefined }
  await assert.rejects(goBackTo(box, '1.0.0', gate), fails('CONFLICT', /1\.2\.0 is on trial: go back to 1\.1\.0 first/))
  await goBackTo(box, '1.1.0', gate)
  assert.deepEqual([runs(), service(), others(), readTrial(box), previousVersion(box)], ['1.1.0', '1.1.0', ['1.1.0'], undefined, '1.0.0']) // prettier-ignore
  assert.match(whyBad(box, '1.2.0')!, /somebody went back from it to 1\.1\.0/)
  assert.equal(history(box).at(-1)!.result, 'back')
})

test('by hand while the updater waits for the verdict: back at once, with accounts that the former version reads', async (t) => {
  const { root, box, release, apply, runs } = unitsRig(t)
  const accounts = join(root, 'var/lib/bifrost/accounts.db')
  writeFileSync(accounts, 'form of 1.0.0')
  behave(root, '1.1.0', 'mute')
  const began = Date.now()
  const verdict = assert.rejects(
    apply(release('1.1.0'), { gate: { seconds: 60, url: undefined } }),
    fails('UPDATE_FAILED', /1\.0\.0 runs again: somebody went back/),
  )
  await eventually('1.1.0 is started', () => runs() === '1.1.0')
  writeFileSync(accounts, 'newer-than-1.0.0')
  await goBackTo(box, '1.0.0', { seconds: 4, url: undefined })
  await verdict
  assert.deepEqual([installedVersion(box), runs(), readTrial(box)], ['1.0.0', '1.0.0', undefined])
  assert.equal(readFileSync(accounts, 'utf8'), 'form of 1.0.0')
  assert.ok(Date.now() - began < 40_000)
})

test('going back was cut off after the version was marked: the next judge does not try it again', (t) => {
  const { root, box, lies, onTrial, runs } = unitsRig(t)
  lies('1.1.0')
  onTrial('1.1.0')
  mkdirSync(join(box.state, 'bad'))
  writeFileSync(join(box.state, 'bad', '1.1.0'), '2026-11-29T12:00:00Z it was not healthy within 20 s: no\n')
  assert.equal(spawnSync('systemctl', ['start', 'bifrost-update-gate.service']).status, 1)
  assert.deepEqual([installedVersion(box), runs(), readTrial(box)], ['1.0.0', '1.0.0', undefined])
  assert.match(whyBad(box, '1.1.0')!, /Z it was not healthy within 20 s: no$/)
  assert.equal(readFileSync(join(root, 'systemd', 'starts'), 'utf8').trim(), '2')
})

test('a judge that was killed before systemd read the new unit: the next one has it read, and starts the version under it', (t) => {
  const { root, box, lies, onTrial, calls } = unitsRig(t)
  lies('1.1.0')
  onTrial('1.1.0')
  // It fell and was started by systemd meanwhile: under the former unit.
  spawnSync('systemctl', ['restart', 'bifrost.service'])
  spawnSync(join(box.prefix, 'versions/1.1.0/share/edge/bifrost-gate'), ['units', '1.1.0'])
  writeFileSync(join(root, 'systemd', 'stale'), '')
  const before = calls().length
  assert.equal(spawnSync('systemctl', ['start', 'bifrost-update-gate.service']).status, 0)
  const since = calls().slice(before)
  const reload = since.indexOf('daemon-reload')
  const restart = since.findIndex((call) => call.startsWith('restart'))
  assert.ok(reload >= 0 && reload < restart && restart < since.lastIndexOf('daemon-reload'), since.join('\n'))
})

test('a file with other rights is put right, whatever is in it', (t) => {
  const { box, units } = unitsRig(t)
  const gate = join(box.prefix, 'bifrost-gate')
  const unit = join(units, 'bifrost.service')
  chmodSync(gate, 0o644)
  chmodSync(unit, 0o666)
  const { status } = spawnSync(join(box.prefix, 'versions/1.0.0/share/edge/bifrost-gate'), ['units', '1.0.0'])
  assert.equal(status, 0)
  assert.deepEqual([statSync(gate).mode & 0o777, statSync(unit).mode & 0o777], [0o755, 0o644])
})

test('by hand on a full disk: it goes back, says that units are missing, and the next start puts them right', async (t) => {
  const { root, box, release, apply, runs, service, others } = unitsRig(t)
  await apply(release('1.1.0'))
  const cp = join(root, 'bin', 'cp')
  writeFileSync(cp, '#!/bin/sh\ncase $1 in */1.0.0/*) exit 1 ;; esac\nexec /bin/cp "$@"\n', { mode: 0o755 })
  await assert.rejects(goBackTo(box, '1.0.0', { seconds: 4, url: undefined }), fails('UPDATE_FAILED', /1\.0\.0 runs, but not all of its units/)) // prettier-ignore
  assert.deepEqual([runs(), installedVersion(box), service()], ['1.0.0', '1.0.0', '1.1.0'])
  rmSync(cp)
  spawnSync('systemctl', ['restart', 'bifrost.service'])
  assert.deepEqual([service(), others(), existsSync(join(box.state, 'units'))], ['1.0.0', ['1.0.0'], false])
})
