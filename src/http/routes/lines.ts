/** `/api/v1/lines`: the sockets and serial ports that devices share, and who takes how much of their time. */
import { Slice } from '../../observe/slice.ts'
import type { Gateway } from '../../gateway.ts'
import type { DeviceSession } from '../../polling/session.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { answers, linesSchema } from '../schemas.ts'

export function lineRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/lines',
    schema: { tags: ['devices'], summary: 'Lines and who uses their time', response: answers(linesSchema) },
    handler: async (_request, reply) => reply.type(JSON_TYPE).send(await linesText(gateway.polling)),
  })
}

async function linesText({ lines, devices }: Gateway['polling']): Promise<string> {
  const slice = new Slice()
  const texts: string[] = []
  const proxies = Map.groupBy(
    devices.flatMap((device) => proxyOf(device)),
    ({ line }) => line,
  )
  for (const { key, limit, inFlight, queued, utilisation, busySeconds, units } of lines) {
    const own = (proxies.get(key) ?? []).map(({ view }) => view)
    texts.push(JSON.stringify({ key, limit, inFlight, queued, utilisation, busySeconds, units, proxies: own }))
    await slice.breathe()
  }
  return `{"lines":[${texts.join(',')}]}`
}

/** What others did with this device, and on which line; nothing where it has no proxy. */
function proxyOf(session: DeviceSession) {
  const served = session.served()
  return served === undefined ? [] : [{ line: session.line.key, view: { device: session.name, ...served } }]
}
