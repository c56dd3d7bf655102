/** How often a silence is repeated before it is believed: losses alone must hardly ever look like a fact. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countRequest, noLosses, silencesToBelieve } from './loss.ts'

/** What is expected of a unit after so many requests of which every n-th is lost. */
function after(requests: number, everyNth: number): number {
  const losses = noLosses()
  for (let request = 1; request <= requests; request++) countRequest(losses, request % everyNth !== 0)
  return silencesToBelieve(losses)
}

test('the more requests get lost, the more often a silence is repeated; so often that chance explains it once in 100,000 times', () => {
  for (const [everyNth, expected] of [
    [2, 14],
    [4, 8],
    [10, 5],
    [100, 3],
  ] as const) {
    // prettier-ignore
    const repeats = after(10_000, everyNth)
    assert.ok(Math.abs(repeats - expected) <= 1, `one in ${everyNth} lost: ${repeats} repeats`)
    // What is remembered varies a little around the truth.
    assert.ok((1 / everyNth) ** repeats < 1e-4)
  }
  assert.equal(after(10_000, 1), 16, 'a line that loses everything')
})

test('a line that loses nothing needs three; one of which nothing is known a few more', () => {
  assert.equal(after(10_000, 1_000_000), 3)
  assert.equal(silencesToBelieve(noLosses()), 4)
})

test('what a line lost an hour ago counts little', () => {
  const losses = noLosses()
  for (let request = 0; request < 1000; request++) countRequest(losses, request % 2 === 0)
  assert.ok(silencesToBelieve(losses) >= 14)
  for (let request = 0; request < 3000; request++) countRequest(losses, true)
  assert.equal(silencesToBelieve(losses), 3)
})
