/**
 * An upstream gateway in a process of its own: the product's start on a configuration file, with one more sink, `recorder`, that tells its
 * parent what comes out of the log. Started by `upstream.ts`.
 */
import { z } from 'zod'
import { loadConfig } from '../config/load.ts'
import { defineSink } from '../core/sink.ts'
import { toJsonValue } from '../core/value.ts'
import { drivers } from '../drivers/index.ts'
import { startGateway } from '../gateway.ts'
import { tagNames } from '../sinks/encode/gap-document.ts'
import { createLogger } from '../observe/log.ts'
import type { RecordedRow, UpstreamMessage } from './upstream.ts'

const tell = (message: UpstreamMessage) => process.send?.(message)

const recorder = defineSink({
  name: 'recorder',
  summary: 'Tells its parent process.',
  options: z.strictObject({}),
  create: (_, { tags }) => ({
    async connect() {},
    async close() {},
    async write(batch) {
      const rows = Array.from({ length: batch.length }, (_, row): RecordedRow => {
        const { device, settings } = tags.get(batch.tag[row]!)!
        const { seq, time, status, historical } = batch.sampleAt(row)
        const value = toJsonValue(batch.lastValueAt(row))
        return { seq: seq!, device, tag: settings.name, unit: settings.unit, value, status, time, historical }
      })
      tell({ rows })
    },
    async gap(gap) {
      const { fromSeq, samples, reason } = gap
      tell({ gap: { seq: fromSeq, samples: samples ?? null, reason, tags: tagNames(gap, tags) ?? null } })
    },
  }),
})

const config = await loadConfig(process.argv[2]!, { drivers, sinks: [recorder], env: process.env })
const log = createLogger({ level: 'info', format: 'json' })
const gateway = await startGateway(config, { log, version: 'test' })
tell({ port: gateway.receiver!.port })
process.on('message', () => {
  const { logId, durableSeq, nextSeq } = gateway.store.info()
  tell({ status: gateway.receiver!.status(), log: { logId, durableSeq, nextSeq } })
})
process.on('SIGTERM', () => {
  void gateway.stop().then(() => process.exit(0))
})
process.on('disconnect', () => process.exit(1))
