/** The comparison of benchmarks on made-up measurements whose truth is known: a real regression is found, noise is not taken for one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { chanceOfLower, compare, report, type Verdict } from '../scripts/ci/compare-bench.ts'
import { ratiosOf, type Measured } from '../scripts/ci/measure-bench.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')

/** mulberry32: the same numbers in each run of this test. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Nine repetitions around a centre; noise as machines have it, long towards slow. */
const noisy = (next: () => number, centre: number, noise: number, stalls: number): number[] =>
  Array.from({ length: 9 }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
    const stall = next() < stalls ? 1 - 0.3 * next() : 1
    return centre * Math.exp(noise * normal) * stall
  })

const file = (series: Record<string, readonly number[]>): Measured => ({
  format: 1,
  measuredAt: '2026-01-01T00:00:00Z',
  node: 'v26',
  machine: 'x',
  series,
})

function verdicts(seed: number, centre: number, noise: number, stalls = 0.1): Verdict[] {
  const next = random(seed)
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const draw = (of: (name: string) => number) =>
    Object.fromEntries(names.map((name) => [name, noisy(next, of(name), noise, stalls)]))
  const before = file(draw(() => 1.4))
  const now = file(draw((name) => (name === 'c' ? 1.4 * centre : 1.4)))
  return compare(before, now).map(({ verdict }) => verdict)
}

const runs = <T>(count: number, of: (seed: number) => T): T[] =>
  Array.from({ length: count }, (_, seed) => of(seed + 1))

test('pure noise of 5 % and of 12 % is taken for a regression in less than one of a hundred comparisons', () => {
  for (const noise of [0.05, 0.12]) {
    const alarms = runs(1000, (seed) => verdicts(seed, 1, noise)).filter((all) => all.includes('regression'))
    assert.ok(alarms.length < 10, `${alarms.length} of 1,000 at ${noise}`)
  }
})

test('a regression of 20 % in one of six series is found, and the right one is named', () => {
  const found = (stalls: number) =>
    runs(500, (seed) => verdicts(seed, 0.8, 0.03, stalls)).filter((all) => all[2] === 'regression').length
  assert.ok(found(0) > 495, `${found(0)} of 500 on a quiet machine`)
  // Where each tenth repetition is up to 30 % slow for no reason, the next run finds what one of ten runs misses.
  assert.ok(found(0.1) > 430, `${found(0.1)} of 500 on a machine that stalls`)
  const all = runs(500, (seed) => verdicts(seed, 0.8, 0.03))
  const others = all.filter((one) => one.some((verdict, at) => verdict === 'regression' && at !== 2))
  assert.ok(others.length < 5, `${others.length} of 500 name another one`)
})

test('4 % slower is no regression, however sure; 20 % faster is said to be faster', () => {
  const slower = runs(200, (seed) => verdicts(seed, 0.96, 0.005)).filter((all) => all.includes('regression'))
  assert.equal(slower.length, 0)
  assert.equal(verdicts(1, 1.3, 0.02)[2], 'faster')
})

test('one slow repetition of seven moves nothing; too few, too noisy and not measured cannot be judged', () => {
  const flat = [1, 1.01, 1.02, 0.99, 0.98, 1, 1.01]
  const judged = (now: readonly number[]) => compare(file({ a: flat }), file(now.length === 0 ? {} : { a: now }))[0]!
  assert.equal(judged([1, 1.01, 0.2, 0.99, 0.98, 1, 1.01]).verdict, 'same')
  assert.deepEqual(
    [judged([0.5, 0.5]).verdict, judged([0.5, 0.5]).why],
    ['unclear', '7 and 2 repetitions; at least 5 each'],
  )
  assert.match(judged([0.4, 1.9, 0.7, 1.5, 1.2, 2, 0.6]).why, /too noisy/)
  assert.equal(judged([]).why, 'it was not measured')
})

test('the chances are those of all orders counted one by one', () => {
  const all = (n: number, values: readonly number[]): number[][] =>
    n === 0 ? [[]] : values.flatMap((value, at) => all(n - 1, values.slice(at + 1)).map((rest) => [value, ...rest]))
  const values = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const choices = all(4, values)
  const wins = (low: readonly number[]) =>
    low.reduce((sum, a) => sum + values.filter((b) => !low.includes(b) && a > b).length, 0)
  for (const low of [
    [1, 2, 3, 4],
    [1, 2, 4, 6],
    [2, 5, 7, 8],
    [6, 7, 8, 9],
  ]) {
    const counted = choices.filter((choice) => wins(choice) <= wins(low)).length / choices.length
    const high = values.filter((value) => !low.includes(value))
    assert.ok(Math.abs(chanceOfLower(low, high) - counted) < 1e-12, low.join())
  }
})

test('a ratio is ours over the bare client that follows it; what has no peer is left out', () => {
  const rates = [
    ['ours', 30],
    ['bare x', 10],
    ['csv', 5],
    ['parquet', 4],
    ['many', 8],
    ['bare y', 2],
  ] as const
  const given = rates.map(([what, perSecond]) => ({ what, perSecond, cpuMicros: 1 }))
  assert.deepEqual(ratiosOf('m', given), [
    ['m: ours', 3],
    ['m: many (4)', 4],
  ])
})

test('the program: exit 0, 5 and 1, and a table; without a baseline it says how to make one', (t) => {
  const folder = temporaryFolder(t)
  const write = (name: string, series: Record<string, readonly number[]>) => {
    writeFileSync(join(folder, name), JSON.stringify(file(series)))
    return join(folder, name)
  }
  const flat = [1, 1.01, 1.02, 0.99, 0.98, 1, 1.01]
  const before = write('before.json', { a: flat })
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/ci/compare-bench.ts', ...args], { cwd: ROOT, encoding: 'utf8' })
  const slow = run(before, write('slow.json', { a: flat.map((value) => value * 0.7) }))
  assert.equal(slow.status, 5)
  assert.match(slow.stdout, /\| a \| 1\.000 \| 0\.700 \| 0\.0003 \| regression \| -30\.0 % of its median \|/)
  assert.equal(run(before, before).status, 0)
  assert.equal(run(before, write('gone.json', {})).status, 1)
  assert.equal(run(before).status, 2)
  const none = run(join(folder, 'none.json'), before)
  assert.deepEqual([none.status, /bench\.sh --accept/.test(none.stderr)], [1, true])
  assert.equal(report([]).exitCode, 1)
})
