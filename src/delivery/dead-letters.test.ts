/** Dead letters: bounded, readable line by line, and still there after a restart. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { Status } from '../core/status.ts'
import { batchOf, tagTable } from '../testing/delivery-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createDeadLetters, type DeadLetters, type DeadLettersOptions } from './dead-letters.ts'

const optionsIn = (folder: string, maxBytes?: number): DeadLettersOptions => ({
  folder: join(folder, 'dead'),
  sink: 'plant/../a',
  logId: 'k3f9',
  tags: tagTable('press/level'),
  clock: new VirtualClock(),
  maxBytes,
})

const lines = (file: string) =>
  readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) // prettier-ignore

test('a letter says which sample, why and when', async (t) => {
  const letters = createDeadLetters(optionsIn(temporaryFolder(t)))
  const batch = batchOf([[1, 5n], [1, 'x'], [1, undefined, Status.BadTimeout]], 40) // prettier-ignore
  await letters.add(batch, new Map([[0, 'too large'], [2, 'no value']])) // prettier-ignore
  await letters.close()
  const [first, second] = lines(letters.file)
  assert.deepEqual(first, {
    at: '2026-11-23T10:00:00.000Z',
    sink: 'plant/../a',
    reason: 'too large',
    log: 'k3f9',
    seq: 40,
    device: 'press',
    tag: 'level',
    id: 1,
    type: 'float64',
    value: '5',
    status: { code: 0, name: 'Good' },
    time: '2024-11-23T10:00:00.123Z',
    t: 1_732_356_000_123,
    historical: false,
  })
  assert.deepEqual([second!.seq, second!.value, second!.status], [42, null, { code: Status.BadTimeout, name: 'BadTimeout' }]) // prettier-ignore
  assert.equal(letters.written, 2)
})

test('a sample whose time is no date gets a letter too', async (t) => {
  const letters = createDeadLetters(optionsIn(temporaryFolder(t)))
  const batch = batchOf([[1, 1, Status.Good, NaN], [1, 2, Status.Good, 9e15], [1, 3]]) // prettier-ignore
  await letters.add(batch, new Map([[0, 'no'], [1, 'no'], [2, 'no']])) // prettier-ignore
  await letters.close()
  assert.deepEqual(
    lines(letters.file).map(({ time, value }) => [time, value]),
    [
      [null, 1],
      [null, 2],
      ['2024-11-23T10:00:00.123Z', 3],
    ],
  )
})

test('a restart appends', async (t) => {
  const options = optionsIn(temporaryFolder(t))
  for (const seq of [1, 2]) {
    const letters = createDeadLetters(options)
    await letters.add(batchOf([[1, seq]], seq), new Map([[0, 'no']]))
    await letters.close()
    assert.equal(lines(letters.file).length, seq)
  }
})

test('the files stay within their bound; what is overwritten is counted', async (t) => {
  const options = optionsIn(temporaryFolder(t), 4000)
  const letters = createDeadLetters(options)
  for (let seq = 1; seq <= 100; seq++) await letters.add(batchOf([[1, seq]], seq), new Map([[0, 'no']]))
  await letters.close()
  const files = readdirSync(options.folder)
  const bytes = files.reduce((sum, file) => sum + statSync(join(options.folder, file)).size, 0)
  assert.equal(files.length, 2)
  assert.ok(bytes <= 4000, `${bytes} bytes`)
  assert.equal(lines(letters.file).at(-1)!.seq, 100)
  assert.ok(letters.overwrittenBytes > 10_000)
})

/** `count` letters with numbers from `seq` on. */
const addMany = (letters: DeadLetters, seq: number, count: number) =>
  letters.add(
    batchOf(Array.from({ length: count }, () => [1, seq] as const), seq), // prettier-ignore
    new Map(Array.from({ length: count }, (_, row) => [row, 'no'])),
  )

/** The numbers of all letters, as a replay would deliver them. */
async function takenNumbers(letters: DeadLetters): Promise<number[]> {
  const source = await letters.takeAll()
  const numbers: number[] = []
  for await (const batch of source?.read(new AbortController().signal) ?? []) numbers.push(...batch.seq!)
  await source?.ended!(true)
  return numbers
}

for (const how of ['taken for a replay', 'purged'] as const) {
  test(`letters that are added while the others are ${how} are not lost`, async (t) => {
    const letters = createDeadLetters(optionsIn(temporaryFolder(t)))
    for (let at = 0; at < 20; at++) await addMany(letters, 1 + at * 1000, 1000)
    const over = new AbortController()
    const adding = (async () => {
      for (let seq = 100_000; !over.signal.aborted; seq++, await pause(0)) await addMany(letters, seq, 1)
    })()
    await pause(10)
    const before = how === 'purged' ? await letters.purge() : (await takenNumbers(letters)).length
    await pause(20)
    over.abort()
    await adding
    const after = (await takenNumbers(letters)).length
    assert.equal(before + after, letters.written)
    assert.ok(after > 0, 'some were added behind')
    await letters.close()
  })
}

test('a line that was left half written, by a full disk or a power cut, costs no other letter', async (t) => {
  const options = optionsIn(temporaryFolder(t))
  mkdirSync(options.folder)
  const letters = createDeadLetters(options)
  for (const file of [letters.file, letters.file.replace('.ndjson', '.replay.ndjson')])
    writeFileSync(file, '{"at":"2026-')
  await addMany(letters, 1, 1)
  await addMany(letters, 2, 1)
  assert.deepEqual(await takenNumbers(letters), [1, 2])
})

test('a replay that is cut off keeps what it did not come to, and no more', async (t) => {
  const letters = createDeadLetters(optionsIn(temporaryFolder(t)))
  await addMany(letters, 1, 1200)
  const source = (await letters.takeAll())!
  await assert.rejects(letters.takeAll(), { code: 'BUSY' })
  for await (const batch of source.read(new AbortController().signal)) {
    // One of the first five hundred is refused again.
    await source.settled!(batch, new Map([[7, 'no']]))
    break
  }
  await source.ended!(false)
  const left = await takenNumbers(letters)
  assert.deepEqual([left.length, left[0], left.at(-1)], [701, 501, 8])
})
