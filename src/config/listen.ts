/**
 * The address that the page and the API listen on: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or a bare port. Until
 * accounts exist anybody who reaches it could see everything, so that only loopback addresses are taken.
 */
import { z } from 'zod'
import type { Listen } from './config.ts'

/** The parts of a listen address, or undefined when the text is not one. A bare port means 127.0.0.1. */
export function parseListen(text: string): Listen | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):)?(\d{1,5})$/.exec(text.trim())
  const port = Number(match?.[2])
  if (match === null || port > 65_535) return undefined
  const host = match[1]?.replace(/^\[|\]$/g, '')
  return { host: host ?? '127.0.0.1', port }
}

/** True for the addresses that only programs on this machine can reach. */
export const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** The sentence with which a listen address is refused, or undefined. */
export function listenFault(listen: Listen | undefined): string | undefined {
  if (listen === undefined) return 'expected host:port such as 127.0.0.1:8080'
  if (isLoopbackHost(listen.host)) return undefined
  const host = listen.host === '' ? 'every address of this machine' : listen.host
  return `${host} can be reached from the network, and there are no accounts yet: listen on 127.0.0.1, and reach it from elsewhere by an SSH tunnel or a reverse proxy with a login`
}

/** A schema of a listen address. */
export const listenSchema = z.union([z.string(), z.int()]).transform((given, context): Listen => {
  const listen = parseListen(String(given))
  const fault = listenFault(listen)
  if (fault === undefined) return listen!
  context.addIssue({ code: 'custom', message: fault })
  return z.NEVER
})
