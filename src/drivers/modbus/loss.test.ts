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

test('the more requests get lost, the more often a silence is repeated; so often that chance explains it once in ten million times', () => {
  const cases = [[2, 16], [4, 12], [10, 7], [100, 4]] as const // prettier-ignore
  for (const [everyNth, expected] of cases) {
    const repeats = after(10_000, everyNth)
    assert.ok(Math.abs(repeats - expected) <= 1, `one in ${everyNth} lost: ${repeats} repeats`)
    // What is remembered varies a little around the truth.
    if (everyNth > 2) assert.ok((1 / everyNth) ** repeats < 1e-6)
  }
  assert.equal(after(10_000, 1), 16, 'a line that loses everything')
})

test('a line that loses nothing needs three; one of which nothing is known five', () => {
  assert.equal(after(10_000, 1_000_000), 3)
  assert.equal(silencesToBelieve(noLosses()), 5)
})

test('what a line lost an hour ago counts little', () => {
  const losses = noLosses()
  for (let request = 0; request < 1000; request++) countRequest(losses, request % 2 === 0)
  assert.ok(silencesToBelieve(losses) >= 14)
  for (let request = 0; request < 6000; request++) countRequest(losses, true)
  assert.equal(silencesToBelieve(losses), 3)
})
