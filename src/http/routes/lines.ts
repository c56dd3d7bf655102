/** `/api/v1/lines`: the sockets and serial ports that devices share, and who takes how much of their time. */
import { Slice } from '../../observe/slice.ts'
import type { LineView } from '../../polling/line.ts'
import { JSON_TYPE, type App, type RouteContext } from '../app.ts'
import { answers, linesSchema } from '../schemas.ts'

export function lineRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/lines',
    schema: { tags: ['devices'], summary: 'Lines and who uses their time', response: answers(linesSchema) },
    handler: async (_request, reply) => reply.type(JSON_TYPE).send(await linesText(gateway.polling.lines)),
  })
}

async function linesText(lines: readonly LineView[]): Promise<string> {
  const slice = new Slice()
  const texts: string[] = []
  for (const { key, limit, inFlight, queued, utilisation, busySeconds, units } of lines) {
    texts.push(JSON.stringify({ key, limit, inFlight, queued, utilisation, busySeconds, units }))
    await slice.breathe()
  }
  return `{"lines":[${texts.join(',')}]}`
}
