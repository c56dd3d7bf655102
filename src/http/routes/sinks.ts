/** `/api/v1/sinks`: every sink with its state and its account of samples, each from one snapshot. */
import type { SinkStatus } from '../../delivery/runner.ts'
import type { App, RouteContext } from '../app.ts'
import { answers, sinksSchema } from '../schemas.ts'
import { isoOf } from '../views.ts'
import { replayView } from './sink-actions.ts'

export function sinkRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/sinks',
    schema: { tags: ['sinks'], summary: 'Sinks and what became of their samples', response: answers(sinksSchema) },
    handler: () => ({ sinks: gateway.runners.map((runner) => sinkView(runner.status())) }),
  })
}

function sinkView(sink: SinkStatus) {
  const { name, kind, state, reason, routed, delivered, pending, dropped, oldestPendingAgeMs, facts, replayed } = sink
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  return {
    name,
    kind,
    state,
    stateSince: isoOf(sink.stateSince) ?? new Date(0).toISOString(),
    reason,
    routed,
    delivered,
    pending,
    dropped: { ...dropped },
    balanced: routed === delivered + pending + lost,
    oldestPendingAgeMs,
    replayed,
    replay: replayView(sink.replay),
    facts,
  }
}
