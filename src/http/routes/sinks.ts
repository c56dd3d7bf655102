/** `/api/v1/sinks`: every sink with its state and its account of samples, each from one snapshot. */
import { isInsecure } from '../../core/tls-options.ts'
import type { Gateway } from '../../gateway.ts'
import type { SinkStatus } from '../../delivery/runner.ts'
import type { App, RouteContext } from '../app.ts'
import { ownerOf } from '../owners.ts'
import { answers, sinksSchema } from '../schemas.ts'
import { sinkEndpoint } from '../sink-endpoint.ts'
import { isoOf } from '../views.ts'
import { replayView } from './sink-actions.ts'
import { HIDDEN } from '../hidden.ts'

export function sinkRoutes(app: App, { gateway, system }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/sinks',
    config: { permission: 'view' },
    schema: { tags: ['sinks'], summary: 'Sinks and what became of their samples', response: answers(sinksSchema) },
    handler: ({ principal }) => {
      const seesAll = principal.isWhole('view')
      const { hoursLeft, hoursHeld } = gateway.store.info()
      const sinks = gateway.runners.map((runner) => ({
        ...sinkView(gateway, runner.status(), seesAll),
        ...system.sinkRates(runner.name),
        capacity: { hoursLeft, hoursHeld },
        deadLettersSinceStart: runner.deadLetters.written,
      }))
      return { sinks, next: null }
    },
  })
}

/** Its reason and its facts may name devices and tags: they are for those who see all. */
export function sinkView({ config }: Gateway, sink: SinkStatus, seesAll: boolean) {
  const { name, kind, state, reason, routed, delivered, pending, dropped, oldestPendingAgeMs, facts, replayed } = sink
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  return {
    name,
    kind,
    owner: ownerOf(config, 'sink', name),
    insecure: isInsecure(config.sinks.find((one) => one.name === name)?.options),
    state,
    stateSince: isoOf(sink.stateSince) ?? new Date(0).toISOString(),
    reason: seesAll || reason === null ? reason : HIDDEN,
    routed,
    delivered,
    pending,
    dropped: { ...dropped },
    balanced: routed === delivered + pending + lost,
    oldestPendingAgeMs,
    endpoint: sinkEndpoint(config.sinks.find((one) => one.name === name)?.options),
    lastDeliveryAt: isoOf(sink.lastSettledAt),
    writes: { ok: sink.writes, retried: sink.retries, reconnects: sink.reconnects },
    nextAttemptAt: isoOf(sink.nextAttemptAt),
    lastError: lastErrorView(sink, seesAll),
    replayed,
    replay: seesAll ? replayView(sink.replay) : null,
    facts: seesAll ? facts : {},
  }
}

function lastErrorView({ lastError }: SinkStatus, seesAll: boolean) {
  if (lastError === undefined) return null
  return { reason: seesAll ? lastError.reason : HIDDEN, at: new Date(lastError.at).toISOString() }
}
