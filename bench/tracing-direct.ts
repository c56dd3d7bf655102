/**
 * The same without sockets, so that neighbours on the machine matter little: what a poll costs more when 1 % are recorded – decided on,
 * handed on, appended, found again by a sink's write, ended, encoded. In pairs, by CPU time.
 */
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { defaultResource } from '@opentelemetry/resources'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { createHistogram } from '../src/core/histogram.ts'
import { silentLog } from '../src/core/log.ts'
import { OtelTracer } from '../src/tracing/otel-tracer.ts'
import { SpanQueue } from '../src/tracing/span-queue.ts'

const POLLS = 20_000
const ROWS = 100
/** A sink's write carries so many polls. */
const POLLS_A_WRITE = 10

/** Microseconds a poll, without and with traces: the medians, and that of the differences. */
export async function measureDirect(
  pairs: number,
  ratio: number,
): Promise<{ off: number; more: number; spans: number }> {
  let encoded = 0
  const queue = new SpanQueue({
    clock: systemClock,
    log: silentLog,
    queueSpans: 100_000,
    batchSpans: 512,
    everyMs: 60_000,
    send: async (spans) => {
      encoded += ProtobufTraceSerializer.serializeRequest([...spans])!.length
      return { refused: 0 }
    },
  })
  const sampler = { ratio, follows: true }
  const tracer = new OtelTracer({
    resource: defaultResource(),
    version: 'bench',
    sampler,
    processor: queue,
    now: Date.now,
  })
  const histogram = createHistogram()
  let nextSeq = 1
  const append = (batch: SampleBatch): number => {
    batch.seq = new Float64Array(batch.length)
    for (let row = 0; row < batch.length; row++) batch.seq[row] = nextSeq++
    return 0
  }
  const polls = async (traced: OtelTracer | undefined): Promise<number> => {
    const before = process.cpuUsage()
    for (let at = 0; at < POLLS; at++) {
      const span = traced?.poll({ name: 'press-1', driver: 'modbus' })
      const batch = new SampleBatch(ROWS, 1)
      for (let row = 0; row < ROWS; row++) batch.pushNumber(row, at, 0, 1, 1)
      const emit = (): void => void (traced === undefined ? append(batch) : traced.append(batch, append))
      if (span === undefined) emit()
      else traced!.handOn(span, emit)
      if (span !== undefined) traced!.exemplify(histogram, 0.001, span.context)
      span?.end()
      if (traced === undefined || at % POLLS_A_WRITE !== 0) continue
      const [first, ...links] = traced.pollsIn(batch)
      if (first !== undefined) traced.begin('send plant', first, { kind: 'producer', links }).end()
    }
    if (traced !== undefined) await queue.forceFlush()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / POLLS
  }
  await polls(undefined)
  await polls(tracer)
  const measured: [number, number][] = []
  for (let at = 0; at < pairs; at++) {
    const first = await polls(at % 2 === 0 ? undefined : tracer)
    const second = await polls(at % 2 === 0 ? tracer : undefined)
    measured.push(at % 2 === 0 ? [first, second] : [second, first])
  }
  if (encoded === 0) throw new Error('no span was encoded')
  return {
    off: median(measured.map(([off]) => off)),
    more: median(measured.map(([off, on]) => on - off)),
    spans: queue.sent,
  }
}

export const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0
