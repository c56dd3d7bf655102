/**
 * `/api/v1/explain` and `/api/v1/raw`: how the value of one tag came to be what it is, from the bytes on the wire to the acknowledgement
 * of every sink; and its bytes alone. Both wait for what the next poll brings anyhow: nothing more is asked of the device.
 */
import type { FastifyReply } from 'fastify'
import { explainTag } from '../../observe/explain/explain.ts'
import { rawOf } from '../../observe/explain/raw.ts'
import type { App, RouteContext } from '../app.ts'
import { explainQuery, explainSchema, rawQuery, rawSchema } from '../explain-schemas.ts'
import { explainView, placeView } from '../explain-views.ts'
import { answers, tagParams } from '../schemas.ts'
import { polledDevice } from '../shown-devices.ts'
import { findTag } from './values.ts'
import { whenGone } from '../when-gone.ts'

const LONGEST_WAIT_MS = 30_000
const SPARE_MS = 1000

export function explainRoutes(app: App, { gateway }: RouteContext): void {
  app.route({
    method: 'GET',
    url: '/api/v1/explain/:device/*',
    config: { permission: 'diagnose', problems: ['BUSY'] },
    schema: {
      tags: ['values'],
      summary: 'Explain a tag',
      description:
        'Waits for the next sample of the tag and tells how it came to be: request and answer, block, every step of the pipeline, the log, and every sink. Where no sample comes, that is the answer, with the last stored one.',
      params: tagParams,
      querystring: explainQuery,
      response: answers(explainSchema),
    },
    handler: async ({ params, query, principal }, reply) => {
      const tag = findTag(gateway, params)
      const session = polledDevice(gateway, tag.device)
      const { wait = usualWait(tag.settings.everyMs), settle } = query
      const askedAt = gateway.clock.now()
      const explained = await explainTag(gateway, session, tag, { waitMs: wait, settleMs: settle }, goneSignal(reply))
      return explainView(gateway, explained, askedAt, principal.isWhole('view'))
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/raw/:device/*',
    config: { permission: 'diagnose', problems: ['BUSY'] },
    schema: {
      tags: ['values'],
      summary: 'The bytes of a tag',
      description:
        'From the last answer that a trace of the device holds, while one is on; else from the next poll. null with a reason where the driver sends no frames.',
      params: tagParams,
      querystring: rawQuery,
      response: answers(rawSchema),
    },
    handler: async ({ params, query }, reply) => {
      const tag = findTag(gateway, params)
      const session = polledDevice(gateway, tag.device)
      const waitMs = query.wait ?? usualWait(tag.settings.everyMs)
      const { from, reason, place, exchange } = await rawOf(gateway, session, tag, waitMs, goneSignal(reply))
      return {
        device: tag.device,
        tag: tag.settings.name,
        from,
        reason: reason ?? null,
        place: place === undefined ? null : placeView(place),
        exchange: exchange ?? null,
      }
    },
  })
}

/** One whole poll, wherever it stands now. */
const usualWait = (everyMs: number): number => Math.min(LONGEST_WAIT_MS, 2 * everyMs + SPARE_MS)

/** Aborts when whoever asked has gone. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  whenGone(reply, () => gone.abort())
  return gone.signal
}
