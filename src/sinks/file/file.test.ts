/** What the file sink promises beyond the suite: names, ages, restarts, full and read-only disks, and what it never touches. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Clock } from '../../core/clock.ts'
import { BusyError, GatewayError, NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { silentLog } from '../../core/log.ts'
import { TagTable } from '../../core/tags.ts'
import { batchOf, sinkContext, tagSettings, tagTable, type Row } from '../../testing/delivery-rig.ts'
import { eventually, temporaryFolder } from '../../testing/peers.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { filesBelow, rowsOf } from '../../testing/written-files.ts'
import { finishPart } from './finishing.ts'
import { file } from './sink.ts'

const signal = AbortSignal.timeout(60_000)
const DAY = '2026-11-23'

interface Made {
  readonly folder?: string
  readonly tags?: TagTable
  readonly clock?: Clock
  readonly log?: Log
}

/** A sink that is connected, and closed when the test ends. */
async function sinkIn(t: TestContext, options: object, made: Made = {}) {
  const { folder = temporaryFolder(t), tags = tagTable('press/a', 'press/b'), log = silentLog } = made
  const clock = made.clock ?? new VirtualClock()
  const sink = file.create(file.options.parse({ folder, ...options }), sinkContext({ tags, clock, log, logId: 'k3f9' }))
  t.after(() => sink.close())
  await sink.connect(signal)
  const write = (rows: readonly Row[], seq: number) => sink.write(batchOf(rows, seq), signal)
  const names = () => filesBelow(folder).map((path) => path.slice(folder.length + 1))
  return { sink, folder, write, names }
}

const counters = (from: number, count: number): Row[] => Array.from({ length: count }, (_, at): Row => [1, from + at])

async function seqsIn(folder: string): Promise<number[]> {
  const rows = await Promise.all(filesBelow(folder).map(rowsOf))
  return rows.flat().map(({ seq }) => seq)
}

test('a folder has one sink: a second is told who has it, and what a killed gateway left keeps nobody out', async (t) => {
  const first = await sinkIn(t, {})
  await first.write(counters(0, 3), 1)
  await assert.rejects(sinkIn(t, {}, { folder: first.folder }), (error: unknown) => {
    assert.ok(error instanceof GatewayError && error.code === 'SINK_REFUSED')
    assert.match(
      error.message,
      new RegExp(`is written by the sink "plant" of process ${process.pid} already: give each`),
    )
    return true
  })
  await first.write(counters(3, 3), 4)
  await first.sink.close()
  const second = await sinkIn(t, {}, { folder: first.folder })
  await second.write(counters(6, 3), 7)
  await second.sink.close()
  const killed = { pid: process.pid, started: '1', boot: 'another', sink: 'plant', token: 'x' }
  for (const left of [JSON.stringify(killed), '', '{"pid":']) {
    writeFileSync(join(first.folder, '.bifrost-lock'), left)
    const next = await sinkIn(t, {}, { folder: first.folder })
    await next.sink.close()
  }
  assert.equal(file.renews, false, 'so that none is put beside one that waits for its disk')
  assert.deepEqual(await seqsIn(first.folder), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(readdirSync(first.folder), ['press'])
})

test('a sample whose tag nobody knows is refused as with every sink: a row without names would say nothing', async (t) => {
  const { folder, write } = await sinkIn(t, {})
  await assert.rejects(
    write(
      [
        [1, 1],
        [7, 2],
        [2, 3],
      ],
      1,
    ),
    (error: unknown) => {
      // prettier-ignore
      assert.ok(error instanceof PartialWriteError)
      assert.deepEqual([...error.rejected], [[1, 'tag 7 is no longer configured']])
      return true
    },
  )
  assert.deepEqual(await seqsIn(folder), [1, 3])
})

test('lines of many megabytes become Parquet in seconds, each copied once', { timeout: 20_000 }, async (t) => {
  const part = join(temporaryFolder(t), 'x.parquet.part')
  const line = (seq: number) =>
    `{"time":"2026-11-23T10:00:00.000Z","device":"a","tag":"b","value":"${'x'.repeat(40 * 2 ** 20)}","unit":null,"status":0,"log":"k3f9","seq":${seq},"type":"string"}\n`
  writeFileSync(part, line(1) + line(2))
  const copied = t.mock.method(Buffer, 'concat')
  const finished = await finishPart(part, 'none', signal)
  const bytes = copied.mock.calls.reduce((sum, call) => sum + (call.result?.length ?? 0), 0)
  assert.ok(bytes < 200 * 2 ** 20, `${bytes} bytes were copied`)
  assert.deepEqual((await rowsOf(finished)).map(({ seq }) => seq), [1, 2]) // prettier-ignore
})

test('a restart goes on with the file that was written, whatever is at its end', async (t) => {
  for (const format of ['ndjson', 'csv', 'parquet'] as const) {
    for (const torn of ['', '{"time":"2026', '2026-11-23T10:00:00.123Z,press,a,"half\nof it', '\0'.repeat(5000)]) {
      const first = await sinkIn(t, { format, name: 'x-{seq}' })
      await first.write([[1, 1], [1, 'line\nbreak, "quoted"'], [1, 3]], 1) // prettier-ignore
      await first.sink.close()
      const [path] = filesBelow(first.folder)
      assert.equal(basename(path!), `x-000000000001.${format}.part`)
      appendFileSync(path!, torn)
      const second = await sinkIn(t, { format, name: 'x-{seq}' }, first)
      await second.write([[1, 4]], 4)
      await second.sink.close()
      assert.deepEqual(filesBelow(first.folder), [path], 'the same file goes on')
      assert.deepEqual(await seqsIn(first.folder), [1, 2, 3, 4], `${format} after ${JSON.stringify(torn.slice(0, 20))}`)
    }
  }
})

test('what was cut off is said', async (t) => {
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_, text) => void said.push(text), child: () => log }
  const { sink, folder, write } = await sinkIn(t, {})
  await write([[1, 1]], 1)
  await sink.close()
  appendFileSync(filesBelow(folder)[0]!, '{"time"')
  await sinkIn(t, {}, { folder, log })
  assert.match(said.join(), /7 bytes at its end were no whole rows and were cut off/)
})

test('a file is finished by size, by age without a sample, and when its name says another day', async (t) => {
  const clock = new VirtualClock(Date.UTC(2026, 10, 23, 23, 30))
  const { write, names } = await sinkIn(t, { maxSize: 1024, maxAge: '20m' }, { clock })
  await write(counters(0, 20), 1)
  await eventually('it is finished', () => names().join() === `press/${DAY}/233000-000000000001.ndjson`)
  await write(counters(20, 1), 21)
  assert.equal(names().at(-1), `press/${DAY}/233000-000000000021.ndjson.part`)
  await clock.advance(21 * 60_000)
  await eventually('it is finished', () => names().at(-1) === `press/${DAY}/233000-000000000021.ndjson`)
  await clock.advance(3 * 60_000)
  await write(counters(21, 1), 22)
  await clock.advance(7 * 60_000)
  await write(counters(22, 1), 23)
  await eventually('yesterday is finished', () => names().includes(`press/${DAY}/235400-000000000022.ndjson`)).catch(
    () => assert.fail(names().join(' ')),
  )
  assert.match(names().at(-1)!, /^press\/2026-11-24\/0001\d\d-000000000023\.ndjson\.part$/)
})

test('finished files are kept by number and by size; what is not ours is never touched', async (t) => {
  for (const keep of [{ keepFiles: 3 }, { keepSize: 4096 }]) {
    const { sink, folder, write, names } = await sinkIn(t, { name: 'x-{seq}', maxSize: 1024, ...keep })
    writeFileSync(join(folder, 'x-notes.ndjson'), 'mine')
    writeFileSync(join(folder, 'y-000000000001.ndjson'), 'mine')
    for (let i = 0; i < 8; i++) await write(counters(i * 10, 10), 1 + i * 10)
    const ours = () => names().filter((name) => /^x-\d/.test(name))
    await eventually('the oldest went', () => ours().join().startsWith('x-000000000051') && ours().length === 3)
    assert.deepEqual(
      names().filter((name) => !/^x-\d/.test(name)),
      ['x-notes.ndjson', 'y-000000000001.ndjson'],
    )
    await sink.close()
    const again = await sinkIn(t, { name: 'x-{seq}', maxSize: 1024, keepFiles: 1 }, { folder })
    assert.deepEqual(again.names(), ['x-000000000071.ndjson', 'x-notes.ndjson', 'y-000000000001.ndjson'])
  }
})

test('a stop in the middle of finishing: the part or the whole file is there, and never both', async (t) => {
  const { folder, sink, write } = await sinkIn(t, { name: 'x-{seq}', compress: 'gzip' })
  await write(counters(0, 5), 1)
  await sink.close()
  const part = filesBelow(folder)[0]!
  writeFileSync(part.replace('.part', '.gz.making'), 'half')
  const again = await sinkIn(t, { name: 'x-{seq}', compress: 'gzip', maxAge: '1s' }, { folder })
  assert.deepEqual(again.names(), ['x-000000000001.ndjson.part'])
  await again.sink.close()

  // The conversion was done, and the stop came before the part was removed.
  const clock = new VirtualClock()
  const third = await sinkIn(t, { name: 'x-{seq}', compress: 'gzip', maxAge: '1s' }, { folder, clock })
  const bytes = readFileSync(part)
  await clock.advance(3000)
  await eventually('it is finished', () => third.names().join() === 'x-000000000001.ndjson.gz')
  await third.sink.close()
  writeFileSync(part, bytes)
  const fourth = await sinkIn(t, { name: 'x-{seq}', compress: 'gzip' }, { folder })
  assert.deepEqual(fourth.names(), ['x-000000000001.ndjson.gz'])
  assert.deepEqual(await seqsIn(folder), [1, 2, 3, 4, 5])
})

test('the same samples again, after their file was finished, do not take its place', async (t) => {
  const { folder, write, names, sink } = await sinkIn(t, { name: 'x-{seq}', maxSize: 1024 })
  await write(counters(0, 20), 1)
  await eventually('it is finished', () => names().join() === 'x-000000000001.ndjson')
  await write(counters(0, 2), 1)
  assert.deepEqual(names(), ['x-000000000001.ndjson', 'x-000000000001~1.ndjson.part'])
  await sink.close()
  assert.equal((await seqsIn(folder)).length, 22)
})

test('a write resolves when its rows, and the name of a new file, are on the disk', async (t) => {
  const probe = await open(import.meta.filename)
  const handles = Object.getPrototypeOf(probe) as { datasync(): Promise<void>; sync(): Promise<void> }
  await probe.close()
  const { datasync, sync } = handles
  const done: string[] = []
  t.after(() => Object.assign(handles, { datasync, sync }))
  const { write } = await sinkIn(t, {})
  handles.datasync = async function (this: unknown) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    await datasync.call(this)
    done.push('datasync')
  }
  handles.sync = async function (this: unknown) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    await sync.call(this)
    done.push('sync')
  }
  await write([[1, 1]], 1)
  assert.deepEqual(done.slice(-2), ['datasync', 'sync'])
  const before = done.length
  await write([[1, 2]], 2)
  assert.deepEqual(done.slice(before), ['datasync'])
})

test('a file that was replaced or cut under us is noticed before anything is written to it', async (t) => {
  const { folder, write } = await sinkIn(t, { name: 'x-{seq}' })
  await write([[1, 1]], 1)
  const [path] = filesBelow(folder)
  const bytes = readFileSync(path!)
  renameSync(path!, `${path}.moved`)
  await assert.rejects(write([[1, 2]], 2), NotConnectedError)
  writeFileSync(path!, bytes)
  await assert.rejects(write([[1, 2]], 2), NotConnectedError)
  assert.deepEqual(readFileSync(`${path}.moved`), bytes)
})

test('a folder that is not there is named, and never made', async (t) => {
  const folder = join(temporaryFolder(t), 'usb')
  await assert.rejects(sinkIn(t, {}, { folder }), /there is no folder .*usb; make it, or mount what belongs there/)
  assert.equal(existsSync(folder), false)
  mkdirSync(folder)
  const { write } = await sinkIn(t, { maxSize: 1024 }, { folder })
  await write(counters(0, 20), 1)
  rmSync(folder, { recursive: true })
  await assert.rejects(write(counters(20, 1), 21), NotConnectedError)
  assert.equal(existsSync(folder), false)
})

/** A disk of a few hundred kilobytes. */
function smallDisk(t: TestContext): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-test-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    rmdirSync(folder)
    return undefined
  }
  // Open files would keep it busy: it is taken off the tree at once, and ends with the last of them.
  t.after(() => {
    execFileSync('umount', ['-l', folder])
    rmdirSync(folder)
  })
  return folder
}

test('a full disk: said in words, nothing half, and it goes on by itself when there is room', async (t) => {
  const folder = smallDisk(t)
  if (folder === undefined) return t.skip('a small file system cannot be mounted here')
  for (const format of ['ndjson', 'csv'] as const) {
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(100_000))
    const { write, sink } = await sinkIn(t, { name: `${format}-{seq}`, format }, { folder })
    let seq = 1
    const fill = async () => {
      for (; seq < 5000; seq += 100) await write(counters(seq, 100), seq)
    }
    await assert.rejects(fill(), (error: unknown) => {
      assert.ok(error instanceof BusyError && error.retryAfterMs === 10_000)
      assert.match(error.message, /the disk is full; nothing is dropped; make room there, or set keepFiles or keepSize/)
      return true
    })
    const ours: string[] = filesBelow(folder).filter((path) => path.includes(format))
    assert.equal((await rowsOf(ours[0]!)).length, seq - 1, 'what was confirmed, and no more')
    rmSync(join(folder, 'ballast'))
    await write(counters(seq, 100), seq)
    assert.deepEqual(
      (await rowsOf(ours[0]!)).map((row) => row.seq),
      Array.from({ length: seq + 99 }, (_, at) => at + 1),
    )
    await sink.close()
    for (const path of filesBelow(folder)) rmSync(path)
  }
})

test('a new file that does not fit leaves none behind', async (t) => {
  const folder = smallDisk(t)
  if (folder === undefined) return t.skip('a small file system cannot be mounted here')
  const { write, names } = await sinkIn(t, { name: 'x-{seq}', format: 'csv' }, { folder })
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(251 * 1024))
  await assert.rejects(write(counters(1, 100), 1), BusyError)
  assert.deepEqual(names(), ['ballast'])
  rmSync(join(folder, 'ballast'))
  await write(counters(1, 100), 1)
  assert.equal((await seqsIn(folder)).length, 100)
})

test('a read-only file system needs a person: said within the connect', async (t) => {
  const folder = smallDisk(t)
  if (folder === undefined) return t.skip('a small file system cannot be mounted here')
  execFileSync('mount', ['-o', 'remount,ro', folder])
  await assert.rejects(sinkIn(t, {}, { folder }), (error: unknown) => {
    assert.ok(error instanceof GatewayError && error.code === 'SINK_REFUSED', String(error))
    assert.match(error.message, /read-only \(EROFS\)/)
    return true
  })
})

test('no name of a device leads out of the folder; two that differ only by what no file may hold share a file', async (t) => {
  const names = [
    '../../etc',
    '..',
    '.hidden',
    'a/b',
    'a:b',
    '',
    'CON\u0000',
    'x'.repeat(400),
    `${'ü'.repeat(200)}1`,
    `${'ü'.repeat(200)}2`,
  ]
  const tags = new TagTable()
  names.forEach((device, at) => tags.add({ id: at + 1, device, settings: tagSettings('v') }))
  const root = temporaryFolder(t)
  const folder = join(root, 'in')
  mkdirSync(folder)
  const { sink } = await sinkIn(t, { name: '{device}/{seq}' }, { folder, tags })
  await sink.write(batchOf(names.map((_, at): Row => [at + 1, at])), signal)
  assert.deepEqual(readdirSync(root), ['in'])
  const made = readdirSync(folder).filter((name) => name !== '.bifrost-lock')
  assert.equal(made.length, names.length - 2)
  assert.deepEqual((await Promise.all(filesBelow(folder).map(rowsOf))).flat().map(({ device }) => device).sort(), [...names].sort()) // prettier-ignore
})

test('hundreds of devices: as many files, few of them open, and all of them taken up again', async (t) => {
  const tags = tagTable(...Array.from({ length: 300 }, (_, at) => `device-${at}/v`))
  const { sink, folder } = await sinkIn(t, {}, { tags })
  const rows = Array.from({ length: 300 }, (_, at): Row => [at + 1, at])
  const before = readdirSync('/proc/self/fd').length
  await sink.write(batchOf(rows), signal)
  await sink.write(batchOf(rows, 301), signal)
  assert.ok(readdirSync('/proc/self/fd').length <= before + 70)
  await sink.close()
  const again = await sinkIn(t, {}, { folder, tags })
  await again.sink.write(batchOf(rows, 601), signal)
  assert.equal(filesBelow(folder).length, 300)
  assert.equal((await seqsIn(folder)).length, 900)
})

test('options that could lose or overwrite a file are refused in words', () => {
  const refused = (options: object) =>
    file.options.safeParse({ folder: 'x', ...options }).error?.issues[0]?.message ?? ''
  assert.match(refused({ name: '{device}/{day}' }), /must hold \{seq\} once/)
  assert.match(refused({ name: '../{seq}' }), /path below the folder/)
  assert.match(refused({ name: '/tmp/{seq}' }), /path below the folder/)
  assert.match(refused({ name: '{seq}/{tag}' }), /there is no placeholder \{tag\}/)
  assert.match(refused({ name: 'a*{seq}' }), /no file name should have/)
  assert.match(refused({ format: 'parquet', compress: 'gzip' }), /compressed in itself/)
  assert.equal(refused({}), '')
})
