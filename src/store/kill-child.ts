/**
 * The process that `kill.test.ts` kills: appends rows whose value is their number and prints the durable watermark. In `crippled` mode
 * its file system says that segment data is written and synced a while before it is handed to the kernel.
 */
import { SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { nodeFiles, type FileSystem, type OpenFile } from './files.ts'
import { openStore } from './store.ts'

const ROWS = 100
const [dir, mode] = process.argv.slice(2)

/** Writes to segments reach the kernel 250 ms after they were reported. */
const lateFiles: FileSystem = {
  ...nodeFiles,
  async open(path, openMode): Promise<OpenFile> {
    const file = await nodeFiles.open(path, openMode)
    if (!path.endsWith('.seg')) return file
    return {
      ...file,
      async write(bytes, position) {
        const kept = Buffer.from(bytes)
        setTimeout(() => void file.write(kept, position), 250)
      },
    }
  },
}

const store = await openStore({
  dir: dir!,
  clock: systemClock,
  log: silentLog,
  files: mode === 'crippled' ? lateFiles : nodeFiles,
  syncEveryMs: 20,
  segmentBytes: 256 * 1024,
  reserveBlock: 50_000,
})
let reported = 0
setInterval(() => {
  for (let count = 0; count < 10; count++) appendBatch()
  const { durableSeq } = store.info()
  if (durableSeq === reported) return
  reported = durableSeq
  process.stdout.write(`durable ${durableSeq}\n`)
}, 5)

function appendBatch(): void {
  const first = store.info().nextSeq
  const batch = new SampleBatch(ROWS, Date.now())
  for (let row = 0; row < ROWS; row++) batch.pushNumber(1 + row, first + row, 0, batch.receivedAt, 1)
  const refused = store.append(batch)
  if (refused === 0 && batch.seq![0] !== first) throw new Error('the store gave another number than it said')
}
