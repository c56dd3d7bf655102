/**
 * The address that the page and the API listen on: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, a bare port, or `:8080` for every
 * address of the machine. What others can reach asks who they are, over TLS.
 */
import { z } from 'zod'
import { isLoopbackHost } from '../core/loopback.ts'
import type { Listen } from './config.ts'

/** The parts of a listen address, or undefined when the text is not one. A bare port means 127.0.0.1. */
export function parseListen(text: string): Listen | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):)?(\d{1,5})$/.exec(text.trim())
  const port = Number(match?.[2])
  if (match === null || port > 65_535) return undefined
  const host = match[1]?.replace(/^\[|\]$/g, '')
  return { host: host ?? '127.0.0.1', port }
}

/** What is said of those who come. */
export interface Reach {
  readonly access: 'accounts' | 'open'
  /** Whether the gateway speaks HTTPS itself. */
  readonly tls: boolean
  /** TLS ends before it, as at a reverse proxy. */
  readonly plain: boolean
}

/** The sentence with which an address is refused, or undefined. */
export function reachFault({ host }: Listen, { access, tls, plain }: Reach): string | undefined {
  if (isLoopbackHost(host)) return undefined
  const reached = `${host === '' ? 'every address of this machine' : host} can be reached from the network`
  if (access === 'open')
    return `${reached}, and \`http.access: open\` asks nobody who they are: listen on 127.0.0.1, or take \`accounts\``
  if (tls || plain) return undefined
  return `${reached}, and passwords would go over it as they are: add \`http.tls\` (\`bifrost certs\` makes what it needs), or \`http.plain: true\` where TLS ends before the gateway; else listen on 127.0.0.1`
}

export const NO_ADDRESS = 'expected host:port such as 127.0.0.1:8080'

/** A schema of a listen address. */
export const listenSchema = z.union([z.string(), z.int()]).transform((given, context): Listen => {
  const listen = parseListen(String(given))
  if (listen !== undefined) return listen
  context.addIssue({ code: 'custom', message: NO_ADDRESS })
  return z.NEVER
})
