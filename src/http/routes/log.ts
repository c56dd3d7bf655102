/** `/api/v1/log`: the durable log; `durableSeq` is the watermark up to which nothing can be lost. */
import type { App, RouteContext } from '../app.ts'
import { answers, logSchema } from '../schemas.ts'
import { isoOf } from '../views.ts'

export function logRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/log',
    config: { permission: 'view' },
    schema: { tags: ['log'], summary: 'State of the durable log', response: answers(logSchema) },
    handler: () => {
      const { logId, ancestors, oldestSeq, durableSeq, nextSeq, bytes, hoursLeft, hoursHeld, isFull, failed, trends } =
        gateway.store.info()
      const oldestTime = isoOf(trends.oldestTime ?? undefined)
      const restored = ancestors.map((one) => ({ ...one, at: isoOf(one.at)! }))
      const log = {
        logId,
        ancestors: restored,
        oldestSeq,
        durableSeq,
        nextSeq,
        bytes,
        hoursLeft,
        hoursHeld,
        full: isFull,
        failed,
      }
      return { ...log, trends: { ...trends, oldestTime } }
    },
  })
}
