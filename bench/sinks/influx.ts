/**
 * Samples a second through runner and influx sink to Debian's InfluxDB 1.x, beside a bare client that writes the same points with
 * node:http: same server, same rows a request, same compression. Also what the line encoder alone does.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { influx } from '../../src/sinks/influx/sink.ts'
import { LineEncoder } from '../../src/sinks/influx/line-encoder.ts'
import { sinkContext } from '../../src/testing/delivery-rig.ts'
import { startInfluxd } from '../../src/testing/influxd.ts'
import { findCommand } from '../../src/testing/peers.ts'
import { barePoster, batchFrom, compare, TAG_TABLE, throughRunner } from './web-rounds.ts'

const SAMPLES = 400_000
const ROWS = 5000
const ROUNDS = 3

/** Prints all rates; resolves with them. */
export async function run(): Promise<Record<string, number>> {
  if (findCommand('influxd') === undefined) {
    console.log('influx: skipped, influxdb is not installed')
    return {}
  }
  const ends: (() => unknown)[] = []
  const influxd = await startInfluxd({ after: (end) => void ends.push(end as () => unknown) })
  const options = influx.options.parse({ url: influxd.url, version: 1, database: 'plant' })
  const create = () => influx.create(options, sinkContext({ tags: TAG_TABLE }))
  try {
    await encodeOnly(options)
    const works = {
      'bare client': () => bareClient(influxd.url),
      'runner + influx sink': () => throughRunner('influx', create(), SAMPLES, ROWS),
    }
    // Points that are there already cost InfluxDB something else than new ones.
    const empty = () => influxd.query('DROP DATABASE plant; CREATE DATABASE plant')
    return await compare('influx', SAMPLES, ROUNDS, works, empty)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function encodeOnly(options: ConstructorParameters<typeof LineEncoder>[0]): Promise<void> {
  const encoder = new LineEncoder(options, { logId: 'k3f9', sink: 'bench' }, TAG_TABLE)
  const batches = Array.from({ length: SAMPLES / ROWS }, (_, at) => batchFrom(1 + at * ROWS, ROWS))
  const encode = async () => {
    let bytes = 0
    for (const batch of batches) bytes += Buffer.from(encoder.encode(batch, encoder.rowsOf(batch, new Map()))).length
    if (bytes < SAMPLES * 60) throw new Error('nothing was encoded')
  }
  await compare('influx', SAMPLES, ROUNDS, { 'line encoder': encode })
}

async function bareClient(url: string): Promise<void> {
  const compress = promisify(gzip)
  const post = barePoster(`${url}/write?db=plant&precision=ns`, { 'Content-Encoding': 'gzip' })
  for (let seq = 1; seq <= SAMPLES; seq += ROWS) {
    const lines: string[] = []
    for (const { tag, value, status, time, seq: own } of batchFrom(seq, ROWS)) {
      const { device, settings } = TAG_TABLE.get(tag)!
      const fields = `value=${value as number},q=${status}i,seq=${own}i,log="k3f9"`
      lines.push(`${device},tag=${settings.name} ${fields} ${time}${String(own! % 1_000_000).padStart(6, '0')}`)
    }
    await post(await compress(lines.join('\n'), { level: 1 }))
  }
}

if (import.meta.main) await run()
