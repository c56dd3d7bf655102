/** `/api/v1/diagnostics/bundle`: what support needs, in one archive without secrets. */
import { randomUUID } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { BusyError, GatewayError, isAbort, messageOf } from '../../core/errors.ts'
import { tarBytes } from '../../formats/tar.ts'
import type { App, RouteContext } from '../app.ts'
import { askerOf } from '../auth/asker.ts'
import { bundleEntries } from '../bundle.ts'
import { textAnswers } from '../schemas.ts'
import { whenGone } from '../when-gone.ts'

const TYPE = 'application/gzip'
const RETRY_MS = 5000

export function bundleRoutes(app: App, context: RouteContext): void {
  const { gateway } = context
  let isRunning = false

  app.route({
    method: 'GET',
    url: '/api/v1/diagnostics/bundle',
    exposeHeadRoute: false,
    config: { permission: 'diagnose', problems: ['STORE_FAILED'] },
    schema: {
      tags: ['diagnostics'],
      summary: 'A support bundle: a .tar.gz with state, configuration, log and metrics',
      description:
        'Secrets are blanked; README.txt in it lists what there is. Needs `diagnose` for every device, and `config.read`. One at a time; on record.',
      response: textAnswers(TYPE),
    },
    handler: async (request, reply) => {
      const { principal } = request
      if (!principal.isWhole('diagnose') || !principal.may('config.read'))
        throw new GatewayError('FORBIDDEN', 'a support bundle needs the permissions diagnose, for every device, and config.read') // prettier-ignore
      if (isRunning) throw new BusyError('a support bundle is being made already', RETRY_MS)
      isRunning = true
      const abort = new AbortController()
      const end = (): void => {
        isRunning = false
        abort.abort()
      }
      whenGone(reply, end)
      try {
        const { user, from, trace } = askerOf(request)
        const event = { id: randomUUID(), action: 'bundle.download', user, from, trace, object: 'gateway' }
        await gateway.audit.record({ ...event, outcome: 'done' })
      } catch (error) {
        end()
        throw error
      }
      const now = gateway.clock.now()
      const name = `bifrost-support-${new Date(now).toISOString().slice(0, 19).replace(/[:T]/g, '-')}`
      const archive = createGzip()
      pipeline(Readable.from(tarBytes(bundleEntries(context, name, abort.signal), now)), archive, (error) => {
        // The answer has begun: that it ends in the middle is all that the reader can be told.
        if (error && !isAbort(error) && !abort.signal.aborted)
          gateway.log.error({ logger: 'http', error: messageOf(error) }, `a support bundle ended in the middle: ${messageOf(error)}`) // prettier-ignore
      })
      return reply.type(TYPE).header('content-disposition', `attachment; filename="${name}.tar.gz"`).send(archive)
    },
  })
}
