/** Dead letters: bounded, readable line by line, and still there after a restart. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Status } from '../core/status.ts'
import { batchOf, tagTable } from '../testing/delivery-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createDeadLetters, type DeadLettersOptions } from './dead-letters.ts'

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
