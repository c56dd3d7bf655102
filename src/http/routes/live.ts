/** `/api/v1/live` as plain HTTP: documented here, answered by the upgrade in `live/live.ts`. */
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { App } from '../app.ts'
import { LIVE_PATH } from '../live/live.ts'
import { PROBLEM_TYPE, problemSchema } from '../problem.ts'

const DESCRIPTION = `A WebSocket of JSON text messages. The server says
\`{"type":"hello","schema":1,"serverTime","version","logId","tags"}\` (\`tags\`: how many there are to see). The client asks with
\`{"type":"subscribe","devices":["press-1"],"tags":["press-1/level"],"intervalMs":250}\`; without both lists it gets
everything; a new subscribe replaces the old one. The server answers with one
\`{"type":"snapshot","values":[{"id","device","tag","unit","type","writable","low","high","description","writing","value","status","time","receivedAt","reason"}],"devices":[…]}\`,
where \`writing\` is only there for tags that you may write and that ask for more than a value (critical, approval, interlock, step, choices);
then sends \`{"type":"delta","serverTime","values":[[id,value,status,time,receivedAt],…],"conflated"}\` (\`conflated\`: changes
that newer ones replaced since the last message) and, at most once a second, \`{"type":"devices","devices":[…]}\`. A client
that does not read fast enough gets fewer deltas with the newest values. Times are milliseconds since 1970.

A page that shows a part of very many tags asks \`GET /api/v1/values\` for a page (\`q\`, \`device\`, \`status\`, \`sort\`) and subscribes
to its ids: \`{"type":"subscribe","ids":[4,7,9]}\`, beside \`devices\` and \`tags\` (\`DEVICE/TAG\`); at most 10,000 names and ids together. A
further subscribe replaces the one before. Of devices it hears how those of its tags are; with \`"allDevices":true\` how all are.

History and live values join without gaps and without duplicates so: subscribe first, then ask \`GET /api/v1/history\` up to now, and add
of each tag only live rows whose source time is later than that of its last point. After a break do the same with \`from\` = the last source
time that is there. Another \`logId\` in the hello: the data are others, begin anew.`

export function liveRoutes(app: App): void {
  app.route({
    method: 'GET',
    url: LIVE_PATH,
    config: { permission: 'view' },
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
