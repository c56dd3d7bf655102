/**
 * The host of a device: an IPv4 or IPv6 address or a name (RFC 1123, 2.1), and nothing else. What people paste from a browser or a
 * list (a URL, a port behind it, an address with a slip) is told when the configuration is read, not when no name server knows it.
 */
import { isIP } from 'node:net'
import { z } from 'zod'

/** What is wrong with a host, or undefined. */
export function hostFault(text: string): string | undefined {
  if (text === '' || isIP(text) !== 0) return undefined // that it is empty is told by the schema
  if (text.includes('://')) return 'expected a host name or address alone, without what stands before ://'
  const withPort = /^(\[.+\]|[^:]+):\d+$/.exec(text)?.[1]
  if (withPort !== undefined) return `expected a host name or address alone; the port is an option of its own`
  // Labels of digits alone are an address: 10.0.0.256 is no name that anybody may have.
  if (/^[\d.]+$/.test(text)) return 'expected an address of four numbers from 0 to 255, without leading zeros'
  return /^[\p{L}\p{N}_]([\p{L}\p{N}_.-]*[\p{L}\p{N}_.])?$/u.test(text)
    ? undefined
    : 'expected a host name, or an IPv4 or IPv6 address'
}

/** A schema of a host. */
export const host = () =>
  z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const fault = hostFault(text)
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
