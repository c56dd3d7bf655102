/**
 * The upstream gateway loses its power at any time, its log torn anywhere in what was written and not synced: what it has confirmed is there,
 * and everything is there exactly once, in order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, tagTable, type Row } from '../testing/delivery-rig.ts'
import { eventually } from '../testing/peers.ts'
import { ReceiverRig } from '../testing/receiver-rig.ts'
import type { MemoryFiles } from '../store/memory-files.ts'

const CUTS = 25
const TAGS = Array.from({ length: 5 }, (_, at) => `press/t${at}`)

let seed = 7
const random = (): number => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

/** What a power cut leaves: all that was synced, and of the last segment a part of what was only written. */
function torn(files: MemoryFiles): { left: MemoryFiles; isTorn: boolean } {
  const left = files.afterPowerCut()
  const written = files.afterKill()
  let isTorn = false
  for (const path of written.paths(/\.seg$/)) {
    const all = written.get(path)
    const kept = left.paths(/\.seg$/).includes(path) ? left.get(path).length : 0
    if (all.length <= kept) continue
    isTorn = true
    left.put(path, all.subarray(0, kept + Math.floor(random() * (all.length - kept))))
  }
  return { left, isTorn }
}

test(`${CUTS} power cuts under load`, { timeout: 60_000 }, async (t) => {
  // Small blocks: a batch is written as several frames, so that it can be torn between them.
  const rig = await ReceiverRig.start(t, { syncMs: 15, store: { tailRows: 64, segmentBytes: 8192 } })
  const edge = rig.edge({ tags: tagTable(...TAGS), runner: { batchRows: 300, pause: { firstMs: 5, maxMs: 20 } } })
  let count = 0
  const appending = setInterval(() => {
    edge.cursor.append(batchOf(Array.from({ length: 50 }, (): Row => [1 + (count % 5), ++count])))
  }, 2)
  t.after(() => clearInterval(appending))
  let tears = 0
  let before = 0
  for (let cut = 0; cut < CUTS; cut++) {
    await eventually('samples are confirmed', () => edge.cursor.ledger().delivered > before)
    await new Promise((resolve) => setTimeout(resolve, random() * 60))
    const { left, isTorn } = torn(rig.files)
    if (isTorn) tears++
    await rig.crash(left)
    before = edge.cursor.ledger().delivered
  }
  clearInterval(appending)
  await eventually('all is confirmed', () => edge.cursor.ledger().pending === 0, 20_000)
  assert.ok(tears > CUTS / 4, `only ${tears} logs were torn`)
  const values = (await rig.rows()).map(({ value }) => value)
  assert.deepEqual(
    values,
    Array.from({ length: count }, (_, at) => at + 1),
  )
})
