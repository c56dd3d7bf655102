/**
 * 72 hours without a sink at 1,000 tags a second: 259 million samples. A part of them is written as it would be, a second of samples to a
 * commit with the settings of gateway-edge.yaml, only without waiting for the clock; what a sample takes then is what it takes in 72 hours,
 * since segments close by size (4 MiB with the memory of the box; an hour of these is 18 MB). Then all is read back and counted: how long the box needs to make up for it.
 */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SampleBatch } from '../../src/core/batch.ts'
import { systemClock } from '../../src/core/clock.ts'
import { silentLog } from '../../src/core/log.ts'
import { openStore } from '../../src/store/store.ts'
import { BATCH, Plant, PLANT_TAGS } from '../plant.ts'

const HOURS = 72
const PER_SECOND = 1000
const MAX_SIZE = 3 * 2 ** 30
const MEMORY = 256 * 2 ** 20
const EDGE = { syncEveryMs: 1000, preallocateBytes: 2 ** 20, memoryBytes: MEMORY, retention: { maxBytes: MAX_SIZE } }

export async function offline(part: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bifrost-edge-offline-'))
  try {
    const seconds = Math.round((HOURS * 3600) / part)
    const store = await openStore({ dir, clock: systemClock, log: silentLog, ...EDGE })
    await store.defineTags(PLANT_TAGS)
    const cursor = await store.openCursor('cloud')
    const plant = new Plant()
    const start = Date.now() - seconds * 1000
    for (let second = 0; second < seconds; second++) {
      for (let row = 0; row < PER_SECOND; row += BATCH) store.append(plant.batch(row, start + second * 1000 + row))
      await store.flush()
    }
    const { bytesWritten, fsyncs } = store.info()
    const samples = seconds * PER_SECOND
    const trends = sizeOf(dir, '.trend') / samples
    const kept = sizeOf(dir) / samples
    const total = (kept * HOURS * 3600 * PER_SECOND) / 2 ** 30
    console.log(`a ${part}th of ${HOURS} h at ${PER_SECOND} tags/s: ${samples} samples in ${fsyncs} commits`)
    console.log(`  ${kept.toFixed(2)} bytes a sample on the disk, ${trends.toFixed(2)} of them trend files; ${(bytesWritten / samples).toFixed(2)} written`) // prettier-ignore
    const holds = total * 2 ** 30 <= MAX_SIZE
    console.log(
      `  so ${HOURS} h take ${total.toFixed(2)} GiB (≤ maxSize ${MAX_SIZE / 2 ** 30} GiB)${holds ? '' : '  MISSED'}`,
    )
    const began = performance.now()
    let rows = 0
    while (rows < samples) {
      const got = await cursor.next(10_000, new AbortController().signal)
      if (!(got instanceof SampleBatch)) throw new Error(`a gap in the log: ${got.reason}`)
      rows += got.length
      cursor.ack(got.seq!.at(-1)!, { delivered: got.length })
    }
    const rate = rows / ((performance.now() - began) / 1000)
    const { routed, delivered, pending } = cursor.ledger()
    const minutes = (HOURS * 3600 * PER_SECOND) / rate / 60
    console.log(`  read back: ${delivered} of ${routed}, ${pending} pending; ${rate.toFixed(0)} samples/s, ${HOURS} h in ${minutes.toFixed(0)} min of reading`) // prettier-ignore
    if (!holds || delivered !== samples || pending !== 0) process.exitCode = 1
    await store.close()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Blocks on the disk: what was written ahead counts too. */
function sizeOf(folder: string, ending = ''): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0)
}
