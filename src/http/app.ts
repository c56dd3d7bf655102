/** What a route file gets: the typed fastify instance, and the parts of the gateway it answers from. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify'
import type { output, ZodType } from 'zod'
import type { Gateway } from '../gateway.ts'
import type { Health } from '../observe/health.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { System } from '../observe/system/system.ts'
import type { Door } from './auth/door.ts'

/** Requests have the types of their zod schemas; answers are free, because large ones are written as text by hand. */
export interface ZodRequests extends FastifyTypeProvider {
  validator: this['schema'] extends ZodType ? output<this['schema']> : unknown
  serializer: unknown
}

/** A fastify instance whose schemas are zod's. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodRequests>

export interface RouteContext {
  readonly gateway: Gateway
  readonly health: Health
  readonly metrics: Metrics
  readonly system: System
  readonly door: Door
  /** The built page is served at `/`. */
  readonly hasPage: boolean
}

/** The content type of answers that are written as text by hand. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Device and tag of an address `…/{device}/{tag}`, from the raw path: tag names may hold any character, `/` included, whether
 * it was sent as it is or percent-encoded. `between`: what stands between them (`/tags`). Undefined when the percent-encoding is broken.
 */
export function namesOf(url: string, prefix: string, between = ''): { device: string; tag: string } | undefined {
  const path = url.slice(prefix.length).split('?', 1)[0]!
  const slash = path.indexOf('/')
  try {
    const device = decodeURIComponent(slash < 0 ? path : path.slice(0, slash))
    return { device, tag: slash < 0 ? '' : decodeURIComponent(path.slice(slash + between.length + 1)) }
  } catch {
    return undefined
  }
}
