/** A restore that is cut off at any step of putting things in place comes to the same end; before that nothing has changed. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { openStore } from '../../store/store.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import { filesIn } from '../snapshot/manifest.ts'
import { choose } from './choose.ts'
import { finishRestore, preparedIn, swap } from './swap.ts'

const OLD = {
  'log/1.seg': 'old log',
  sequence: 'old sequence',
  'only-old': 'x',
  'backup/status.json': 'status',
  'lost+found/1': '',
}
const NEW = { 'log/2.seg': 'new log', sequence: 'new sequence', 'audit/1': 'new audit' }
const MARKER = { version: 1, before: 'before-2026-11-29T10-00-00Z', include: [] } as const

function made(t: TestContext) {
  const folder = temporaryFolder(t)
  const data = join(folder, 'data')
  const config = join(folder, 'conf')
  const write = (base: string, files: Record<string, string>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(base, name)), { recursive: true })
      writeFileSync(join(base, name), text)
    }
  }
  write(data, OLD)
  write(join(preparedIn(data), 'data'), NEW)
  write(join(preparedIn(data), 'config'), { 'bifrost.yaml': 'new', 'same.csv': 'same' })
  write(config, { 'bifrost.yaml': 'old', 'same.csv': 'same', 'other.yaml': 'stays' })
  return { data, config }
}

async function judge(data: string, config: string): Promise<void> {
  const here = (await filesIn(data)).filter((path) => !path.startsWith('restore/'))
  assert.deepEqual(here, ['audit/1', 'backup/status.json', 'log/2.seg', 'lost+found/1', 'sequence'])
  assert.equal(readFileSync(join(data, 'sequence'), 'utf8'), 'new sequence')
  assert.equal(readFileSync(join(config, 'bifrost.yaml'), 'utf8'), 'new')
  const before = join(data, 'restore', MARKER.before)
  assert.deepEqual(await filesIn(before), ['config/bifrost.yaml', 'data/log/1.seg', 'data/only-old', 'data/sequence'])
  assert.equal(readFileSync(join(before, 'config/bifrost.yaml'), 'utf8'), 'old')
  assert.ok(!existsSync(join(data, 'RESTORING')) && !existsSync(preparedIn(data)))
}

test('new things take the place, old things are kept, the configuration is written', async (t) => {
  const { data, config } = made(t)
  const done = await swap({ data, config, include: [], now: Date.parse('2026-11-29T10:00:00Z') })
  await judge(data, config)
  assert.deepEqual([done.written, done.left], [[join(config, 'bifrost.yaml')], [join(config, 'other.yaml')]])
  assert.equal(await finishRestore(data), undefined)
})

test('cut off while old things go aside, or new ones come: it goes on where it stopped', async (t) => {
  for (const moved of [[], ['log'], ['log', 'sequence'], ['log', 'sequence', 'only-old']]) {
    const { data, config } = made(t)
    writeFileSync(join(data, 'RESTORING'), JSON.stringify({ ...MARKER, config, phase: 'old things aside' }))
    mkdirSync(join(data, 'restore', MARKER.before, 'data'), { recursive: true })
    for (const name of moved) await rename(join(data, name), join(data, 'restore', MARKER.before, 'data', name))
    await finishRestore(data)
    await judge(data, config)
  }
  for (const moved of [[], ['log'], ['log', 'sequence', 'audit']]) {
    const { data, config } = made(t)
    mkdirSync(join(data, 'restore', MARKER.before, 'data'), { recursive: true })
    for (const name of ['log', 'sequence', 'only-old']) await rename(join(data, name), join(data, 'restore', MARKER.before, 'data', name)) // prettier-ignore
    writeFileSync(join(data, 'RESTORING'), JSON.stringify({ ...MARKER, config, phase: 'new things in place' }))
    for (const name of moved) await rename(join(preparedIn(data), 'data', name), join(data, name))
    await finishRestore(data)
    await judge(data, config)
  }
})

const GATEWAY_USER = 65_532
const skip = process.getuid?.() === 0 ? false : 'needs root, to become somebody else'

test('what belongs to somebody else stays and is told; the restore comes to its end', { skip }, async (t) => {
  const { data, config } = made(t)
  chmodSync(dirname(data), 0o755)
  chmodSync(config, 0o755)
  for (const path of ['', ...readdirSync(data, { recursive: true, encoding: 'utf8' })])
    chownSync(join(data, path), GATEWAY_USER, GATEWAY_USER)
  process.seteuid!(GATEWAY_USER)
  const done = await swap({ data, config, include: [], now: Date.parse('2026-11-29T10:00:00Z') }).finally(() =>
    process.seteuid!(0),
  )
  const file = join(config, 'bifrost.yaml')
  assert.deepEqual([done.written, done.refused], [[], [file]])
  assert.equal(readFileSync(file, 'utf8'), 'old')
  assert.equal(readFileSync(join(data, 'restore', 'refused', file), 'utf8'), 'new')
  assert.equal(readFileSync(join(data, 'sequence'), 'utf8'), 'new sequence')
  assert.ok(!existsSync(join(data, 'RESTORING')))
})

test('files come back with their permissions, and nowhere but where the settings of this machine say', async (t) => {
  const { data, config } = made(t)
  const allowed = join(config, '../keys')
  const elsewhere = join(config, '../cron.d/job')
  for (const path of [join(allowed, 'plant.key'), elsewhere]) {
    const file = join(preparedIn(data), 'include', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'key')
    chmodSync(file, 0o644)
  }
  chmodSync(join(preparedIn(data), 'config/bifrost.yaml'), 0o600)
  rmSync(join(config, 'bifrost.yaml'))
  const done = await swap({ data, config, include: [allowed], now: Date.parse('2026-11-29T10:00:00Z') })
  assert.deepEqual([done.refused, existsSync(elsewhere)], [[elsewhere], false])
  assert.equal(readFileSync(join(data, 'restore/refused', elsewhere), 'utf8'), 'key')
  const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8)
  assert.deepEqual([mode(join(allowed, 'plant.key')), mode(join(config, 'bifrost.yaml'))], ['644', '600'])
})

test('a gateway does not start in the middle of a restore', async (t) => {
  const { data, config } = made(t)
  rmSync(join(data, 'log/1.seg'))
  rmSync(join(data, 'sequence'))
  writeFileSync(join(data, 'RESTORING'), JSON.stringify({ ...MARKER, config, phase: 'old things aside' }))
  const open = () => openStore({ dir: data, clock: systemClock, log: silentLog })
  await assert.rejects(open, /a restore of .*data was cut off: end it with `bifrost backup restore --finish`/)
})

test('a point in time takes the state from before it and the log from the first backup that reaches it', () => {
  const at = (n: number): number => Date.UTC(2026, 10, 29, 10, n)
  const kept = [0, 1, 2, 3].map((n) => ({ id: `${n}abc`, shortId: `${n}`, time: at(n), log: { id: 'l', endSeq: n * 100, lastReceived: at(n) - 500 } })) // prettier-ignore
  const pick = (wanted: Parameters<typeof choose>[1]): string => {
    const { state, log } = choose(kept, wanted)
    return `${state.shortId} ${log.shortId}`
  }
  assert.equal(pick({}), '3 3')
  assert.equal(pick({ id: '1a' }), '1 1')
  assert.equal(pick({ to: at(1) + 1000 }), '1 2')
  assert.equal(pick({ to: at(1) }), '1 2')
  assert.equal(pick({ to: at(1) - 600 }), '0 1')
  assert.equal(pick({ to: at(0) - 1000 }), '0 0')
  assert.equal(pick({ toSeq: 150 }), '1 2')
  assert.equal(pick({ toSeq: 200 }), '2 2')
  assert.throws(() => pick({ to: at(4) }), /no backup reaches 2026-11-29T10:04:00.000Z; there are 4/)
  assert.throws(() => pick({ toSeq: 301 }), /no backup holds number 301 of the log l: the newest ends at 300/)
  assert.throws(() => pick({ id: '9' }), /no backup 9; there are 4, from/)
  assert.throws(() => choose([], {}), /there is no backup of this gateway/)
})
