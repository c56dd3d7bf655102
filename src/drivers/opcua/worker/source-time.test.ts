/** Whose time a sample has, and when a clock is not believed. Virtual times: the test says what both clocks show. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SourceTime } from './source-time.ts'

const T = Date.parse('2024-02-29T12:00:00Z')
const HOUR = 3_600_000
const options = { use: 'source', maxSkew: 300_000, onSkew: 'gateway' } as const
const at = (source: number | undefined, server: number | undefined = source) => ({
  sourceTimestamp: source === undefined ? null : new Date(source),
  serverTimestamp: server === undefined ? null : new Date(server),
})

test('the source time, else the server’s, else the time of arrival', () => {
  const times = new SourceTime(options)
  assert.equal(times.of(at(T - 5000, T - 1000), T), T - 5000)
  assert.equal(times.of(at(undefined, T - 1000), T), T - 1000)
  assert.equal(times.of(at(undefined, undefined), T), T)
  // 1601-01-01, which the standard has for "none".
  assert.equal(times.of(at(-11_644_473_600_000, T - 1000), T), T - 1000)
  assert.equal(times.of(at(NaN, NaN), T), T)
  assert.equal(times.corrected, 0)
})

test('the policy: the server’s time, or the gateway’s', () => {
  assert.equal(new SourceTime({ ...options, use: 'server' }).of(at(T - 5000, T - 1000), T), T - 1000)
  assert.equal(new SourceTime({ ...options, use: 'gateway' }).of(at(T - 5000, T - 1000), T), T)
})

test('a value that is old is old, whatever maxSkew says: it may not have changed for years', () => {
  const times = new SourceTime(options)
  times.observe(new Date(T), T, 0)
  assert.equal(times.of(at(T - 10_000 * HOUR), T), T - 10_000 * HOUR)
})

test('a sample further ahead than maxSkew gets the time of its arrival, and is counted', () => {
  const times = new SourceTime(options)
  times.observe(new Date(T), T, 0)
  assert.equal(times.of(at(T + 300_000), T), T + 300_000)
  assert.equal(times.of(at(T + 300_001), T), T)
  assert.equal(times.corrected, 1)
  assert.equal(new SourceTime({ ...options, onSkew: 'keep' }).of(at(T + HOUR), T), T + HOUR)
})

test('while the server’s clock is off, samples get the time of their arrival; when it is right again, their own', () => {
  const times = new SourceTime(options)
  times.observe(new Date(T - 3 * HOUR), T, 0)
  assert.ok(times.isOff)
  assert.equal(times.skewMs, -3 * HOUR)
  assert.equal(times.of(at(T - 3 * HOUR), T), T)
  // The server is set right: at once, not after many samples.
  assert.equal(times.observe(new Date(T + 1000), T + 1000, 1000), false)
  assert.ok(!times.isOff)
  assert.equal(times.of(at(T + 900), T + 1000), T + 900)
})

test('one late answer is no skew; a drift is one when it has lasted', () => {
  const times = new SourceTime({ ...options, maxSkew: 1000 })
  times.observe(new Date(T), T, 0)
  // Sent 900 ms ago.
  times.observe(new Date(T + 100), T + 1000, 1000)
  assert.ok(Math.abs(times.skewMs!) < 200, `${times.skewMs}`)
  for (let i = 2; i < 40; i++) times.observe(new Date(T + i * 1000 - i * 60), T + i * 1000, i * 1000)
  assert.ok(times.isOff)
})

test('a clock that falls back is a reset, counted once; a correction by less than a second, or our own clock being set, is none', () => {
  const times = new SourceTime(options)
  times.observe(new Date(T), T, 0)
  assert.equal(times.observe(new Date(T + 9500), T + 10_000, 10_000), false)
  assert.equal(times.observe(new Date(Date.parse('2000-01-01')), T + 20_000, 20_000), true)
  assert.equal(times.observe(new Date(Date.parse('2000-01-01') + 1000), T + 21_000, 21_000), false)
  assert.equal(times.resets, 1)
  // Ours goes an hour back: the server's went on as it should.
  const ours = new SourceTime(options)
  ours.observe(new Date(T), T, 0)
  assert.equal(ours.observe(new Date(T + 1000), T + 1000 - HOUR, 1000), false)
  assert.equal(ours.resets, 0)
})

test('a server that says no time is not judged', () => {
  const times = new SourceTime(options)
  for (const nothing of [null, undefined, new Date(-11_644_473_600_000), new Date(NaN)])
    assert.equal(times.observe(nothing, T, 0), false)
  assert.equal(times.skewMs, undefined)
  assert.ok(!times.isOff)
})
