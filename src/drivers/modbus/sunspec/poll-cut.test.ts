/** A SunSpec cycle that is cut off between two of its requests: the next one tells of every point, once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSunSpec, readCycle, sunSpecPoints } from '../../../testing/sunspec-bench.ts'
import { sunSpecImage } from '../../../testing/sunspec-image.ts'

const ADDRESSES = ['sunspec:103.W', 'sunspec:103.St', 'sunspec:common.Mn', 'sunspec:103.A']
const RAW = { W: '04d2', W_SF: '0000', A: '0003', A_SF: '0000', St: '0004' }

test('cut off after any number of requests by a reconnect, the next cycle has one row for each point', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 103, raw: RAW }])
  const bench = await openSunSpec(t, image)
  const signal = AbortSignal.timeout(10_000)
  const bad = image.places.get('sunspec:103.St')!
  bench.fault = (address, count) => (address <= bad && bad < address + count ? { exception: 2 } : undefined)
  for (let cut = 1; cut <= 12; cut++) {
    const poll = bench.driver.prepare(sunSpecPoints(ADDRESSES))
    let asked = 0
    while (asked < cut && (await poll.read(0, () => undefined, signal)) === 'again') asked++
    await bench.driver.connect(signal)
    const rows = await readCycle(poll, ADDRESSES)
    assert.deepEqual([...rows.keys()].sort(), [...ADDRESSES].sort(), `cut after ${asked}`)
    assert.deepEqual(
      [rows.get('sunspec:103.W'), rows.get('sunspec:103.A'), rows.get('sunspec:103.St')],
      [1234, 3, 'BadConfigurationError'],
    )
    bench.driver.forget!()
  }
})
