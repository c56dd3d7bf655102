/** A stream in a file: put aside at its bound, kept whole over crashes and full disks, found again when somebody moves it away. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { LogFile } from './log-file.ts'

const line = (n: number): string => `${JSON.stringify({ n, text: 'x'.repeat(80) })}\n`

interface Setup {
  readonly maxBytes?: number
  readonly keep?: number
  readonly at?: string
}

function start(t: TestContext, { maxBytes = 1000, keep = 2, at }: Setup = {}) {
  const path = at ?? join(temporaryFolder(t), 'logs', 'access.ndjson')
  const clock = new VirtualClock()
  const states: (string | undefined)[] = []
  const file = new LogFile({ path, maxBytes, keep, clock, onState: (problem) => void states.push(problem) })
  t.after(() => file.close())
  /** Writes and waits until it is there. */
  const write = async (...numbers: number[]): Promise<void> => {
    for (const n of numbers) {
      file.write(line(n))
      await eventually(`line ${n}`, () => existsSync(path) && readFileSync(path, 'utf8').includes(`"n":${n},`))
    }
  }
  return { path, clock, states, file, write }
}

const numbersIn = (path: string): number[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((text) => text.startsWith('{'))
    .map((text) => (JSON.parse(text) as { n: number }).n)

test('at its bound a file is put aside, so many are kept, no line is lost among those, and nobody else may read them', async (t) => {
  const { path, file, write } = start(t)
  const numbers = Array.from({ length: 40 }, (_, n) => n)
  await write(...numbers)
  await file.close()
  assert.equal(existsSync(`${path}.3`), false)
  const kept = [`${path}.2`, `${path}.1`, path]
  for (const one of kept) {
    assert.ok(statSync(one).size <= 1000, `${one}: ${statSync(one).size} bytes`)
    assert.equal(statSync(one).mode & 0o077, 0)
  }
  const found = kept.flatMap(numbersIn)
  assert.deepEqual(found, numbers.slice(-found.length))
  assert.ok(found.length > 20)
})

test('a file that is too large at the start is put aside at once; with none to keep it is begun anew', async (t) => {
  const path = join(temporaryFolder(t), 'a.ndjson')
  writeFileSync(path, line(0).repeat(50))
  const { write } = start(t, { at: path })
  await write(1)
  assert.deepEqual(numbersIn(path), [1])
  assert.equal(numbersIn(`${path}.1`).length, 50)
  const none = start(t, { keep: 0 })
  await none.write(...Array.from({ length: 20 }, (_, n) => n))
  assert.equal(existsSync(`${none.path}.1`), false)
})

test('what a crash left in part does not spoil the line after it', async (t) => {
  const path = join(temporaryFolder(t), 'a.ndjson')
  writeFileSync(path, `${line(1)}{"n":2,"te`)
  const { write } = start(t, { at: path })
  await write(3)
  assert.deepEqual(readFileSync(path, 'utf8').split('\n'), [line(1).trim(), '{"n":2,"te', line(3).trim(), ''])
})

test('a disk that takes nothing is told once, each line is counted, and that it takes them again is told, too', async (t) => {
  const { path, states, file, write } = start(t)
  mkdirSync(path, { recursive: true })
  for (let n = 0; n < 5; n++) {
    file.write(line(n))
    await eventually('it is counted', () => file.dropped.failed === n + 1)
  }
  assert.equal(states.length, 1)
  assert.match(states[0]!, /EISDIR/)
  rmSync(path, { recursive: true })
  await write(5)
  assert.deepEqual([states.length, states[1], file.dropped.failed], [2, undefined, 5])
})

test('a full disk', { skip: !existsSync('/dev/full') }, async (t) => {
  const { states, file } = start(t, { at: '/dev/full' })
  file.write(line(1))
  await eventually('it is told', () => states.length > 0)
  assert.match(states[0]!, /ENOSPC/)
  assert.equal(file.dropped.failed, 1)
})

test('a file that cannot be put aside takes nothing more, and every line is counted', async (t) => {
  const { path, states, file, write } = start(t, { keep: 1 })
  await write(...Array.from({ length: 10 }, (_, n) => n))
  // A folder with something in it is not removed to make room.
  mkdirSync(join(`${path}.1`, 'inside'), { recursive: true })
  for (let n = 1; n <= 6; n++) {
    file.write(line(100 + n))
    await eventually('it is counted', () => file.dropped.failed === n)
  }
  assert.equal(states.length, 1)
  assert.ok(statSync(path).size <= 1000)
})

for (const [name, act] of [
  ['moved', (path: string) => renameSync(path, `${path}-old`)],
  ['removed', (path: string) => rmSync(path)],
] as const)
  test(`a file that somebody ${name} is made again after a while`, async (t) => {
    const { path, clock, file, write } = start(t)
    await write(1)
    act(path)
    await clock.advance(5000)
    file.write(line(2))
    await eventually('it is there again', () => existsSync(path) && numbersIn(path).includes(2))
    assert.deepEqual(numbersIn(path), [2])
  })

test('what waits is bounded, what waits at the end is written, and what comes later is counted', async (t) => {
  const { path, file } = start(t, { maxBytes: 2 ** 30 })
  const long = `${'y'.repeat(200_000)}\n`
  for (let n = 0; n < 40; n++) file.write(long)
  assert.ok(file.dropped.blocked > 0)
  await file.close()
  assert.equal(statSync(path).size, (40 - file.dropped.blocked) * long.length)
  file.write(line(1))
  assert.equal(file.dropped.closed, 1)
})
