/** Tags change while the pipeline runs: tags that stay are judged as if nothing had happened, the others as if they were new. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SampleBatch } from '../core/batch.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { Status } from '../core/status.ts'
import { TagTable, type TagSettings } from '../core/tags.ts'
import { tagSettings } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createPipeline } from './index.ts'

const settings: fc.Arbitrary<Partial<TagSettings>> = fc.record(
  {
    scale: fc.constantFrom(2),
    low: fc.constantFrom(-3),
    high: fc.constantFrom(6),
    spike: fc.constantFrom(4),
    deadband: fc.constantFrom({ absolute: 1 }),
    swingingDoor: fc.constantFrom({ absolute: 0.5 }),
    staleAfterMs: fc.constantFrom(900),
    maxSilenceMs: fc.constantFrom(1500),
  },
  { requiredKeys: [] },
)
const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.option(fc.integer({ min: -5, max: 9 }), { nil: undefined })), { maxLength: 6 }) // prettier-ignore
const turn = fc.record({ rows, pauseMs: fc.constantFrom(0, 250, 1000) })

/** What comes out of tag 1 and 2 when the third one changes `at` this turn; never where undefined. */
function outcome(
  of: Partial<TagSettings>[],
  turns: { rows: [number, number | undefined][]; pauseMs: number }[],
  at: number | undefined,
  next: Partial<TagSettings>,
) {
  let elapsed = 0
  const clock: Clock = { ...systemClock, now: () => 1_000_000 + elapsed, monotonic: () => elapsed }
  const tags = new TagTable()
  const infos = [1, 2, 3].map((id) => ({ id, device: `d${id}`, settings: tagSettings({ name: 't', ...of[id - 1] }) }))
  for (const info of infos) tags.add(info)
  const pipeline = createPipeline(tags, clock)
  const out: string[] = []
  const emit = (batch: SampleBatch): void => {
    for (const { tag, value, status, time } of batch)
      if (tag !== 3) out.push(`${tag} ${String(value)} ${status} ${time}`)
  }
  for (const [index, { rows: given, pauseMs }] of turns.entries()) {
    if (index === at) {
      const renewed = new Set([3])
      pipeline.release(renewed, emit)
      tags.replace('d3', [{ id: 3, device: 'd3', settings: tagSettings({ name: 't', ...next }) }])
      tags.replace('d4', [{ id: 40, device: 'd4', settings: tagSettings({ name: 't', deadband: { absolute: 1 } }) }])
      pipeline.change(renewed)
    }
    const batch = new SampleBatch(given.length, clock.now())
    for (const [tag, value] of given)
      batch.push(tag, value, value === undefined ? Status.BadNoCommunication : Status.Good, clock.now())
    pipeline.apply(batch, emit)
    elapsed += pauseMs
    pipeline.tick(clock.now(), emit)
  }
  pipeline.flush(emit)
  return out
}

test('whatever is remembered of tags that stay, stays', () => {
  fc.assert(
    fc.property(
      fc.tuple(settings, settings, settings),
      fc.array(turn, { minLength: 2, maxLength: 12 }),
      settings,
      fc.nat(10),
      (of, turns, next, at) => {
        assert.deepEqual(outcome(of, turns, at % turns.length, next), outcome(of, turns, undefined, next))
      },
    ),
    { numRuns: 1000, seed: 20_261_129 },
  )
})

test('a tag that changes begins anew: what was held back is passed on, and its first value is new', () => {
  const clock = new VirtualClock()
  const tags = new TagTable()
  const info = (more: Partial<TagSettings>) => ({ id: 1, device: 'd', settings: tagSettings({ name: 't', ...more }) })
  tags.add(info({ swingingDoor: { absolute: 1 } }))
  const pipeline = createPipeline(tags, clock)
  const out: unknown[] = []
  const emit = (batch: SampleBatch): void => {
    for (const { value } of batch) out.push(value)
  }
  const feed = (value: number, time: number): void => {
    const batch = new SampleBatch(1, time)
    batch.push(1, value, Status.Good, time)
    pipeline.apply(batch, emit)
  }
  feed(1, 1000)
  feed(1.5, 2000)
  assert.deepEqual(out, [1])
  const renewed = new Set([1])
  pipeline.release(renewed, emit)
  assert.deepEqual(out, [1, 1.5])
  tags.replace('d', [info({ deadband: { absolute: 1 } })])
  pipeline.change(renewed)
  feed(1.5, 3000)
  feed(1.6, 4000)
  assert.deepEqual(out, [1, 1.5, 1.5])
})
