/** What a server says of itself to everybody, over one connection that is closed again; without a session and whatever its certificate. */
import type { Context } from '../../core/driver.ts'
import { isAbort, messageOf, NotConnectedError } from '../../core/errors.ts'
import { DiscoveryClient } from '../../protocols/opcua/discovery/client.ts'
import {
  findServers,
  findServersOnNetwork,
  getEndpoints,
  type AnnouncedApplication,
  type AnnouncedEndpoint,
  type AnnouncedServer,
  type Service,
} from '../../protocols/opcua/discovery/messages.ts'
import { placeOf } from './place.ts'

export interface Discovered {
  readonly endpoints: readonly AnnouncedEndpoint[]
  /** Servers that it knows on its host: itself, or all of them where it is a discovery server (LDS). */
  readonly servers: readonly AnnouncedApplication[]
  /** Servers that it has heard of in its network (LDS-ME). */
  readonly network: readonly AnnouncedServer[]
  /** What was asked in vain. */
  readonly notes: readonly string[]
}

export interface DiscoverOptions {
  readonly connectTimeoutMs: number
  /** For the whole of it. */
  readonly timeoutMs: number
  readonly network: boolean
}

/** Throws NotConnectedError, PROTOCOL_VIOLATION for what is no OPC UA server, ACCESS_REFUSED, or the signal's reason. */
export async function discover(
  url: string,
  { dial, clock }: Pick<Context, 'dial' | 'clock'>,
  { connectTimeoutMs, timeoutMs, network }: DiscoverOptions,
  signal: AbortSignal,
): Promise<Discovered> {
  const place = placeOf(url)
  const stream = await dial({ ...place, connectTimeoutMs }, signal)
  const limit = AbortSignal.timeout(timeoutMs)
  const notes: string[] = []
  try {
    const client = new DiscoveryClient(
      stream,
      { name: `${place.host}:${place.port}`, clock },
      AbortSignal.any([signal, limit]),
    )
    const optional = async <T>(service: Service<T[]>): Promise<readonly T[]> => {
      try {
        return await client.ask(service)
      } catch (error) {
        if (signal.aborted) throw error
        notes.push(`${service.name}: ${limit.aborted ? 'no answer in time' : messageOf(error)}`)
        return []
      }
    }
    await client.hello(url)
    const endpoints = await client.ask(getEndpoints(url))
    const servers = await optional(findServers(url))
    const onNetwork = network ? await optional(findServersOnNetwork()) : []
    client.goodbye()
    return { endpoints, servers, network: onNetwork, notes }
  } catch (error) {
    if (signal.aborted || !limit.aborted || !isTimeout(error)) throw error
    throw new NotConnectedError(`${url} did not answer within ${timeoutMs} ms: it may be no OPC UA server`, {
      cause: error,
    })
  } finally {
    // A farewell that is still to be sent is sent first.
    if (stream.writable) stream.end(() => stream.destroy())
    else stream.destroy()
  }
}

const isTimeout = (error: unknown): boolean =>
  isAbort(error) || (error instanceof Error && error.name === 'TimeoutError')
