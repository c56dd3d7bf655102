/**
 * An edge gateway's log with the bifrost sink behind it, in a process that tests kill: `node edge-child.ts DATA PORT`. Every sample's value is
 * its number. Prints
 * the number it began with, what is durable and what upstream has confirmed; stops appending on SIGUSR2, and when all is delivered it says so.
 */
import { HAS_VALUE, SampleBatch } from '../core/batch.ts'
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { createDeadLetters } from '../delivery/dead-letters.ts'
import { createRunner } from '../delivery/runner.ts'
import { bifrost } from '../sinks/bifrost/sink.ts'
import { openStore } from '../store/store.ts'
import { sinkContext, tagSettings } from './delivery-rig.ts'

const [dir, port] = process.argv.slice(2)
const TAGS = 20
const store = await openStore({ dir: dir!, clock: systemClock, log: silentLog, syncEveryMs: 20, reserveBlock: 50_000, tailRows: 2000 }) // prettier-ignore
const names = Array.from({ length: TAGS }, (_, at) => ({ device: 'press', settings: tagSettings(`t${at}`) }))
const ids = await store.defineTags(names)
const { logId, tags } = store
/** The number of the first sample of this process; what lies before it and was not on the disk is lost. */
const first = store.info().nextSeq
const options = bifrost.options.parse({ host: '127.0.0.1', port: Number(port), tls: false, gateway: 'edge-1' })
const runner = createRunner({
  name: 'central',
  type: 'bifrost',
  sink: bifrost.create(options, sinkContext({ logId, tags })),
  cursor: await store.openCursor('central'),
  clock: systemClock,
  log: silentLog,
  deadLetters: createDeadLetters({ folder: `${dir}/dead`, sink: 'central', logId, tags, clock: systemClock }),
  batchRows: 700,
  pause: { firstMs: 20, maxMs: 200 },
})
runner.start()

const appending = setInterval(() => {
  for (let count = 0; count < 5; count++) append()
}, 5)
setInterval(() => {
  const { state, reason, ...ledger } = runner.status()
  const { routed, delivered, pending, dropped, facts } = ledger
  process.stdout.write(`${JSON.stringify({ first, durable: store.info().durableSeq, state, reason, routed, delivered, pending, dropped, facts })}\n`) // prettier-ignore
}, 20)
process.on('SIGUSR2', () => clearInterval(appending))
process.on('SIGTERM', () => {
  void runner
    .stop(1000)
    .then(() => store.close())
    .then(() => process.exit(0))
})

function append(): void {
  const next = store.info().nextSeq
  const batch = new SampleBatch(TAGS, Date.now())
  for (let row = 0; row < TAGS; row++) batch.pushNumber(ids[row]!, next + row, 0, batch.receivedAt, HAS_VALUE)
  store.append(batch)
}
