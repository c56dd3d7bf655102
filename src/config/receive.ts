/** `receive`: where other gateways hand on their logs, and which of them may. Off unless it is there. */
import { z } from 'zod'
import { fileOption } from '../core/tls-options.ts'
import { nameFault } from '../core/name.ts'
import type { ReceiveConfig } from '../core/receive.ts'
import type { DeviceConfig } from './config.ts'
import { isLoopbackHost } from '../core/loopback.ts'
import { parseListen } from './listen.ts'
import type { Loading } from './loading.ts'
import { checkSchema } from './schema-check.ts'
import { formatPath } from './yaml-source.ts'

export const receiveClientSchema = z.object({
  name: z
    .string()
    .superRefine((name, context) => {
      const fault = nameFault(name, 'device')
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
    .describe("The gateway's name: the one in its certificate. Its devices are called after it."),
  token: z
    .string()
    .min(1)
    .max(512)
    .optional()
    .describe('A secret that it must show, beside its certificate or in place of one.')
    .meta({ secret: true }),
})

export const receiveSchema = z.object({
  listen: z
    .union([z.string(), z.int()])
    .transform((given, context) => {
      const listen = parseListen(String(given))
      if (listen !== undefined && listen.host !== '') return listen
      context.addIssue({ code: 'custom', message: 'expected host:port such as 0.0.0.0:7180' })
      return z.NEVER
    })
    .describe('host:port where they connect. Other addresses than loopback ones need `tls`.'),
  tls: z
    .object({
      cert: fileOption().describe('File with the certificate of this gateway (PEM).'),
      key: fileOption().describe('File with its private key (PEM).'),
      ca: fileOption().describe('File with the authorities that the certificates of clients must come from (PEM).'),
    })
    .optional()
    .describe('TLS, with a certificate asked of every client.'),
  clients: z.array(z.unknown()).min(1).describe('The gateways that may connect.'),
  devices: z
    .string()
    .regex(/\{device\}/, 'expected a template with {device}, such as {gateway}.{device}')
    .default('{gateway}.{device}')
    .describe('What their devices are called here.'),
  maxTags: z.int().min(1).max(1_000_000).default(100_000).describe('The most tags of one gateway.'),
})

/** Undefined where there is none, or with problems, which are in the list then. */
export function loadReceive(
  given: unknown,
  loading: Loading,
  devices: readonly DeviceConfig[],
): ReceiveConfig | undefined {
  if (given === undefined || given === null) return undefined
  const { source, problems, files } = loading
  const complain = (path: readonly (string | number)[], message: string) =>
    problems.add(source.placeOf(path), formatPath(path), message)
  const head = checkSchema(receiveSchema, { source, path: ['receive'], value: given }, problems, files)
  if (head === undefined) return undefined
  const clients = head.clients.map((client, at) => {
    const path = ['receive', 'clients', at]
    const checked = checkSchema(receiveClientSchema, { source, path, value: client }, problems, files)
    return { name: checked?.name ?? '', token: checked?.token }
  })
  for (const [at, { name }] of clients.entries()) {
    if (clients.findIndex((other) => other.name === name) < at)
      complain(['receive', 'clients', at], `the gateway "${name}" is in this list already`)
    if (devices.some((device) => device.name === name))
      complain(
        ['receive', 'clients', at],
        `"${name}" is a device of this configuration; a gateway needs a name of its own`,
      )
  }
  if (head.tls === undefined && !isLoopbackHost(head.listen.host)) {
    const reach = `${head.listen.host} can be reached from the network`
    complain(['receive', 'listen'], `${reach}: it needs receive.tls, so that clients are known by their certificates`)
  }
  return { ...head, tls: head.tls, clients }
}
