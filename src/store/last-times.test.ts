/** Where stored samples end, over a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { silentLog } from '../core/log.ts'
import { tagSettings } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { lastTimes } from './last-times.ts'
import { MemoryFiles } from './memory-files.ts'
import { openStore } from './store.ts'

const NOW = Date.UTC(2026, 10, 23, 12)
const HOUR = 3_600_000
const signal = new AbortController().signal

function rows(tag: number, times: readonly number[], historical = false): SampleBatch {
  const batch = new SampleBatch(times.length, NOW)
  for (const time of times) batch.push(tag, time, 0, time, historical)
  return batch
}

test('the newest live value of each tag, or the edge of the margin before the newest of all', async (t) => {
  const files = new MemoryFiles()
  const open = () => openStore({ dir: '/data', clock: new VirtualClock(), log: silentLog, files })
  const first = await open()
  const names = ['fast', 'slow', 'gone', 'never']
  const [fast, slow, gone, never] = (await first.defineTags(names.map((name) => ({ device: 'd', settings: tagSettings({ name }) })))) as [number, number, number, number] // prettier-ignore
  // Right behind the edge of a window.
  const newest = NOW - 256 * 60_000 + 30_000
  first.append(rows(fast, [newest - 1000, newest]))
  first.append(rows(slow, [newest - 90_000, newest - 60_000]))
  first.append(rows(gone, [newest - 5 * HOUR]))
  first.append(rows(fast, [newest + 5000], true))
  const status = new SampleBatch(1, NOW)
  status.push(fast, undefined, 0x80310000, NOW)
  first.append(status)
  await first.close()

  const store = await open()
  t.after(() => store.close())
  const range = { now: NOW, lookBackMs: 24 * HOUR, marginMs: 125_000 }
  const tags = new Set([fast, slow, gone, never])
  const looking = lastTimes(store, tags, range, signal)
  // What comes after the call does not count.
  store.append(rows(slow, [NOW, newest - 10]))
  assert.deepEqual([...(await looking)], [[fast, newest], [slow, newest - 60_000], [gone, newest - 125_000], [never, newest - 125_000]]) // prettier-ignore
  const short = { ...range, lookBackMs: 2 * HOUR }
  assert.deepEqual([...(await lastTimes(store, new Set([fast]), short, signal))], [])
})
