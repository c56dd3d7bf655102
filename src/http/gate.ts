/**
 * What is asked of every request before anything is done for it, live sockets included: how many headers it has, and whether its address
 * sends more than its share. Health probes are not asked: an orchestrator must not take a flood for a gateway that died.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../core/clock.ts'
import { BusyError, GatewayError } from '../core/errors.ts'
import { shareOf, type FarSide } from './far-side.ts'
import type { Limits } from './limits.ts'
import { Pace } from './pace.ts'
import type { Refusals } from './refusals.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** false: requests of this route are answered however many there are. */
    rateLimit?: false
  }
}

export interface Gate {
  readonly farSide: FarSide
  readonly refusals: Refusals
  hasTooManyHeaders(request: IncomingMessage): boolean
  /** BUSY where the address sends more than its share. */
  refuse(request: IncomingMessage): GatewayError | undefined
}

export interface GateOptions {
  readonly limits: Limits
  readonly farSide: FarSide
  readonly refusals: Refusals
  readonly clock: Clock
}

export function createGate({ limits, farSide, refusals, clock }: GateOptions): Gate {
  const { requestsPerMinute: perMinute, requestsAtOnce: burst, addresses: shares } = limits
  const pace = new Pace(clock, { perMinute, burst, shares })
  return {
    farSide,
    refusals,
    hasTooManyHeaders({ rawHeaders, socket }) {
      if (rawHeaders.length <= 2 * limits.headers) return false
      refusals.count('headers', socket.remoteAddress)
      return true
    },
    refuse(request) {
      const address = farSide.of(request)
      const waitMs = pace.take(shareOf(address))
      if (waitMs === 0) return undefined
      refusals.count('rate', address)
      return new BusyError(`more than ${perMinute} requests a minute from one address`, waitMs)
    },
  }
}

/** For a request that `hasTooManyHeaders`; its status is 431 (RFC 6585, 5). */
export const TOO_MANY_HEADERS = new GatewayError('INVALID_REQUEST', 'there are too many headers')
