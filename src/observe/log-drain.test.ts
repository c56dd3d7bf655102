import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { eventually } from '../testing/peers.ts'
import { createDrain } from './log-drain.ts'

test('a line that is longer than the bound leaves, and those after it, too', async () => {
  const lines: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => (lines.push(chunk), setImmediate(done)),
  })
  const drain = createDrain(stream, () => undefined, 1000)
  for (const line of ['a', 'b'.repeat(5000), 'c', 'd']) {
    drain.write(line)
    await eventually('it has left', () => lines.length > 0 && stream.writableLength === 0)
  }
  assert.deepEqual(
    lines.map((line) => line[0]),
    ['a', 'b', 'c', 'd'],
  )
  assert.equal(drain.dropped.blocked, 0)
})

test('where a stream stands still lines are dropped, and that it goes on is told with their number', async () => {
  const lines: string[] = []
  let goOn = (): void => undefined
  const stream = new Writable({
    decodeStrings: false,
    highWaterMark: 10,
    write: (chunk: string, _encoding, done) => (lines.push(chunk), (goOn = done)),
  })
  const told: number[] = []
  const drain = createDrain(stream, (dropped) => void told.push(dropped), 100)
  for (let n = 0; n < 20; n++) drain.write('x'.repeat(30))
  assert.equal(drain.dropped.blocked, 17)
  await eventually('it is told', () => told.length > 0 || (goOn(), false))
  assert.deepEqual([told, lines.length], [[17], 3])
})
