/** The sink suite against Debian's InfluxDB 1.x: what is counted as delivered is what a query gives back. */
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { SinkType } from '../../core/sink.ts'
import { startInfluxd, type InfluxdOptions, type InfluxPoint } from '../../testing/influxd.ts'
import { needs } from '../../testing/peers.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { influx } from './sink.ts'

const type = influx as unknown as SinkType

async function peerOf(t: TestContext, server: InfluxdOptions, options: object): Promise<SinkPeer> {
  const influxd = await startInfluxd(t, { http: ['max-body-size = 4000'], ...server })
  let points: InfluxPoint[] = []
  let polling: Promise<void> | undefined
  const poll = async () => {
    points = await influxd.points().catch(() => points)
    polling = undefined
  }
  const timer = setInterval(() => (polling ??= poll()), 25)
  t.after(() => clearInterval(timer))
  return {
    options: { url: influxd.url, version: 1, database: 'plant', gzip: false, ...options },
    delivered: () => points.filter(({ measurement }) => measurement !== 'bifrost_gap').map(sampleOf).sort((a, b) => a.seq - b.seq), // prettier-ignore
    gaps: () => points.filter(({ measurement }) => measurement === 'bifrost_gap').map(gapOf),
    start: () => influxd.start(),
    stop: () => influxd.stop('SIGKILL'),
    standStill: async () => {
      influxd.pause(true)
      return () => influxd.pause(false)
    },
    once: true,
    // Larger than InfluxDB takes, compressed as well.
    refusedValue: randomBytes(8000).toString('hex'),
  }
}

function sampleOf({ measurement, time, columns }: InfluxPoint): Delivered {
  const { value, bool, int, text, q, seq, log, h, tag } = columns as Record<string, unknown>
  return {
    device: measurement,
    tag: tag as string,
    value: value ?? bool ?? (int === undefined ? undefined : `${int as number | string}`) ?? text ?? null,
    status: q as number,
    time: Number(time / 1_000_000n),
    log: log as string,
    seq: Number(seq),
    historical: h === true,
  }
}

const gapOf = ({ columns: { fromSeq, toSeq, samples, reason, tags } }: InfluxPoint) =>
  ({
    fromSeq,
    toSeq,
    samples: samples ?? null,
    reason,
    tags: tags === undefined ? null : (JSON.parse(tags as string) as unknown),
  }) as ReturnType<SinkPeer['gaps']>[number]

const skip = needs('influxd')

sinkSuite('influx 1.x', type, (t) => peerOf(t, {}, {}), skip)

sinkSuite(
  'influx 1.x, compressed, with a user',
  type,
  (t) => peerOf(t, { auth: true }, { gzip: true, username: 'admin', password: 'secret' }),
  skip,
)
