/** `/api/v1/live` as plain HTTP: documented here, answered by the upgrade in `live/live.ts`. */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { App } from '../app.ts'
import { LIVE_PATH } from '../live/live.ts'
import { PROBLEM_TYPE, problemSchema } from '../problem.ts'

const DESCRIPTION = `A WebSocket of JSON text messages. The server says
\`{"type":"hello","schema":1,"serverTime","version","logId"}\`. The client asks with
\`{"type":"subscribe","devices":["press-1"],"tags":["press-1/level"],"intervalMs":250}\`; without both lists it gets
everything; a new subscribe replaces the old one. The server answers with one
\`{"type":"snapshot","values":[{"id","device","tag","unit","type","writable","low","high","description","value","status","time","receivedAt","reason"}],"devices":[…]}\`,
then sends \`{"type":"delta","serverTime","values":[[id,value,status,time,receivedAt],…],"conflated"}\` (\`conflated\`: changes
that newer ones replaced since the last message) and, at most once a second, \`{"type":"devices","devices":[…]}\`. A client
that does not read fast enough gets fewer deltas with the newest values. Times are milliseconds since 1970.`

export function liveRoutes(app: App): void {
  app.route({
    method: 'GET',
    url: LIVE_PATH,
    schema: {
      tags: ['values'],
      summary: 'Live values over a WebSocket',
      description: DESCRIPTION,
      querystring: z.object({ interval: z.string().optional().describe('Least time between deltas, such as 250ms') }),
      response: {
        101: z.null().describe('Switching to the WebSocket protocol'),
        default: { description: 'A problem', content: { [PROBLEM_TYPE]: { schema: problemSchema } } },
      },
    },
    handler: () => {
      throw new GatewayError('INVALID_REQUEST', 'this address is a WebSocket: connect with ws://')
    },
  })
}
