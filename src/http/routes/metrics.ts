/** `/metrics`: the Prometheus text format, or OpenMetrics where the scraper prefers it. */
import { Readable } from 'node:stream'
import type { Gateway } from '../../gateway.ts'
import type { Labels } from '../../observe/exposition.ts'
import type { App, RouteContext } from '../app.ts'
import { textAnswers } from '../schemas.ts'
import { assetsInSight, clientsInSight, linesInSight, sightOf, type Sight } from '../auth/sight.ts'

/** Of 64 KiB: what is joined and sent at once. */
const MOST_PIECES = 64

export function metricsRoutes(app: App, { gateway, metrics }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/metrics',
    config: { permission: 'view', rateLimit: false },
    schema: {
      tags: ['health'],
      summary: 'Metrics for Prometheus',
      response: textAnswers('text/plain', 'application/openmetrics-text'),
    },
    handler: async (request, reply) => {
      const openMetrics = request.headers.accept?.includes('application/openmetrics-text') ?? false
      const pieces = await metrics.bytes(openMetrics, seriesInSight(gateway, sightOf(request.principal)))
      reply.type(metrics.contentType(openMetrics))
      // One write of tens of megabytes would hold up everybody.
      return pieces.length > MOST_PIECES ? reply.send(Readable.from(pieces)) : reply.send(Buffer.concat(pieces))
    },
  })
}

/**
 * Series of devices, assets, lines and gateways that may be seen; sums over all of them are no secret. Certificates tell of devices whose they
 * are, so that they are for those who see all.
 */
function seriesInSight(gateway: Gateway, sight: Sight): ((labels: Labels) => boolean) | undefined {
  if (sight === undefined) return undefined
  const [lines, clients] = [linesInSight(gateway, sight), clientsInSight(gateway, sight)]
  const assets = new Set(assetsInSight(gateway, sight).map(({ name }) => name))
  return ({ asset, device, line, client, kind, name, use, thumbprint }) =>
    (kind !== 'device' || sight(String(name))) &&
    use === undefined &&
    thumbprint === undefined &&
    (asset === undefined || assets.has(String(asset))) &&
    // Of maintenance: the whole gateway, and thereby also what may be seen.
    (device === undefined || device === '' || sight(String(device))) &&
    (line === undefined || lines.has(String(line))) &&
    (client === undefined || clients.has(String(client)))
}
