/**
 * The sink suite against Debian's Prometheus: what is counted as delivered is what a query gives back, its status and sequence
 * number from the series beside it.
 */
import type { TestContext } from 'node:test'
import { needs } from '../../testing/peers.ts'
import { startPrometheus, type StoredSeries } from '../../testing/prometheus-server.ts'
import { sinkSuite, type Delivered, type SinkPeer } from '../../testing/sink-suite.ts'
import { prometheus } from './sink.ts'

async function start(t: TestContext): Promise<SinkPeer> {
  const server = await startPrometheus(t)
  let series: StoredSeries[] = []
  let polling: Promise<void> | undefined
  const poll = async () => {
    series = await server.raw('{__name__=~".+"}').catch(() => series)
    polling = undefined
  }
  const timer = setInterval(() => (polling ??= poll()), 25)
  t.after(() => clearInterval(timer))
  return {
    options: { url: `${server.url}/api/v1/write`, metric: 'sample', sequence: true, bad: 'value' },
    delivered: () => samplesOf(series),
    gaps: () => gapsOf(series),
    start: () => server.start(),
    stop: () => server.stop('SIGKILL'),
    standStill: async () => {
      server.pause(true)
      return () => server.pause(false)
    },
    once: true,
    refusedValue: '',
    unsupported: ['int64', 'uint64', 'string', 'bytes'],
  }
}

/** A sample is where its sequence number is. */
function samplesOf(series: readonly StoredSeries[]): Delivered[] {
  const at = (name: string, like: StoredSeries, time: number) =>
    series
      .find(
        ({ metric }) =>
          metric.__name__ === name && metric.device === like.metric.device && metric.tag === like.metric.tag,
      )
      ?.samples.find(([ms]) => ms === time)?.[1]
  return series
    .filter(({ metric }) => metric.__name__ === 'sample_seq')
    .flatMap((one) =>
      one.samples.map(([time, seq]) => ({
        device: one.metric.device!,
        tag: one.metric.tag!,
        value: valueOf(at('sample', one, time), one.metric.tag!),
        status: Number(at('sample_status', one, time)),
        time,
        log: one.metric.log!,
        seq: Number(seq),
        historical: false,
      })),
    )
    .sort((a, b) => a.seq - b.seq)
}

/** The first two tags of the test of types are booleans, 1 and 0 here. */
function valueOf(text: string | undefined, tag: string): unknown {
  if (text === undefined) return null
  return tag === 'v0' || tag === 'v1' ? text === '1' : Number(text)
}

function gapsOf(series: readonly StoredSeries[]): ReturnType<SinkPeer['gaps']> {
  const named = (name: string) => series.find(({ metric }) => metric.__name__ === `bifrost_gap_${name}`)
  const number = (name: string) => Number(named(name)?.samples[0]?.[1])
  const samples = named('samples')
  if (samples === undefined) return []
  const bounds = { fromSeq: number('from_seq'), toSeq: number('to_seq'), samples: number('samples') }
  return [{ ...bounds, reason: samples.metric.reason! }]
}

sinkSuite('prometheus', prometheus, start, needs('prometheus'), {
  'a historical sample is marked': 'Prometheus has no place for that mark; its time is its own',
  'a row without value sends the last value with the new status':
    'one of its tags is a string, which Prometheus cannot hold; prometheus.test.ts does it with numbers',
  'a refused sample goes to the dead letters, its neighbours arrive':
    'refused values are strings, which Prometheus cannot hold; prometheus.test.ts does it with times',
  'a gap says whose samples are gone': 'a label a tag would be a series a tag',
})
