/** `/api/v1/lines`: the sockets and serial ports that devices share, and who takes how much of their time. */
import { Slice } from '../../core/slice.ts'
import type { Gateway } from '../../gateway.ts'
import type { DeviceSession } from '../../polling/session.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { linesInSight, sightOf, type Sight } from '../auth/sight.ts'
import { LIMITS } from '../limits.ts'
import { pageOf, pageQuery, type PageQuery } from '../paging.ts'
import { answers, linesSchema } from '../schemas.ts'

export function lineRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/lines',
    config: { permission: 'view' },
    schema: {
      tags: ['devices'],
      summary: 'Lines and who uses their time',
      querystring: pageQuery(LIMITS.maxPageRows, LIMITS.maxPageRows),
      response: answers(linesSchema),
    },
    handler: async ({ principal, query }, reply) =>
      reply.type(JSON_TYPE).send(await linesText(gateway, sightOf(principal), query)),
  })
}

/** Also what a support bundle holds. */
export async function linesText(gateway: Gateway, sight: Sight, query: PageQuery): Promise<string> {
  const { lines, devices } = gateway.polling
  const shown = sight && linesInSight(gateway, sight)
  const slice = new Slice()
  const texts: string[] = []
  const proxies = Map.groupBy(
    devices.filter(({ name }) => sight?.(name) !== false).flatMap((device) => proxyOf(device)),
    ({ line }) => line,
  )
  const inSight = lines.filter(({ key }) => shown?.has(key) !== false)
  const { rows, next } = pageOf('lines', inSight, ({ key }) => key, query)
  for (const { key, limit, inFlight, queued, utilisation, busySeconds, units: users } of rows) {
    const units = sight === undefined ? users : users.filter(({ device }) => sight(device))
    const own = (proxies.get(key) ?? []).map(({ view }) => view)
    texts.push(JSON.stringify({ key, limit, inFlight, queued, utilisation, busySeconds, units, proxies: own }))
    await slice.breathe()
  }
  return `{"lines":[${texts.join(',')}],"next":${JSON.stringify(next)}}`
}

/** What others did with this device, and on which line; nothing where it has no proxy. */
function proxyOf(session: DeviceSession) {
  const served = session.served()
  return served === undefined ? [] : [{ line: session.line.key, view: { device: session.name, ...served } }]
}
