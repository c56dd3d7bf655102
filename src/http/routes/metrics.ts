/** `/metrics`: the Prometheus text format, or OpenMetrics where the scraper prefers it. */
import type { App, RouteContext } from '../app.ts'
import { textAnswers } from '../schemas.ts'

export function metricsRoutes(app: App, { metrics }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'Metrics for Prometheus',
      response: textAnswers('text/plain', 'application/openmetrics-text'),
    },
    handler: async (request, reply) => {
      const openMetrics = request.headers.accept?.includes('application/openmetrics-text') ?? false
      const text = await metrics.render(openMetrics)
      return reply.type(metrics.contentType(openMetrics)).send(text)
    },
  })
}
