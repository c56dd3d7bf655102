/**
 * The one-time link of the set-up as somebody can open it: an address that stands for every address of the machine is none for a browser,
 * and a name that the configuration gives is better than a number.
 */
import { networkInterfaces } from 'node:os'
import type { HttpConfig } from '../config/config.ts'

const EVERYWHERE = new Set(['', '0.0.0.0', '::'])

/** `url`: where the server listens. */
export function setupLink(
  url: string,
  { listen, hosts, plain }: Pick<HttpConfig, 'listen' | 'hosts' | 'plain'>,
  token: string,
  addresses: readonly string[] = outerAddresses(),
): string {
  const { protocol, port } = new URL(url.replace('//:', '//localhost:'))
  const [name] = hosts
  // TLS ends before us, at the port that browsers take by themselves.
  if (plain && name !== undefined) return `https://${name}/setup#${token}`
  if (!EVERYWHERE.has(listen.host)) return `${url}/setup#${token}`
  return `${protocol}//${name ?? addresses[0] ?? 'localhost'}${port === '' ? '' : `:${port}`}/setup#${token}`
}

/** IPv4 addresses of this machine that others may reach. */
const outerAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((each = []) =>
    each.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  )
