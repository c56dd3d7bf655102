import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultResource } from '@opentelemetry/resources'
import { newTraceId } from '../core/correlation.ts'
import { OtelTracer } from './otel-tracer.ts'

const nowhere = { onStart() {}, onEnd() {}, forceFlush: async () => undefined, shutdown: async () => undefined }
const start = () =>
  new OtelTracer({
    resource: defaultResource(),
    version: '1',
    sampler: { ratio: 1, follows: true },
    processor: nowhere,
    now: () => 0,
    random: () => 0,
  })

test("a poll after a request with a traceparent has a trace of its own, not the caller's", () => {
  const tracer = start()
  const caller = { traceId: newTraceId(), parentId: 'b7ad6b7169203331', sampled: true }
  const request = tracer.enter('PUT', caller)!
  assert.equal(request.context.traceId, caller.traceId)
  const polls = [1, 2].map(() => tracer.poll({ name: 'press-1', driver: 'modbus' })!.context.traceId)
  assert.equal(new Set([caller.traceId, ...polls]).size, 3, polls.join(' '))
})

test('a request without a traceparent has the trace id that its answer names, and the next poll another', () => {
  const tracer = start()
  const own = { traceId: newTraceId() }
  assert.equal(tracer.enter('GET', own)!.context.traceId, own.traceId)
  assert.notEqual(tracer.poll({ name: 'press-1', driver: 'modbus' })!.context.traceId, own.traceId)
})
