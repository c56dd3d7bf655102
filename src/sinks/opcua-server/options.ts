/** The options of the opcua-server sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { fileOption } from '../../core/tls-options.ts'

export const SECURITY_POLICIES = ['Basic256Sha256', 'Aes128_Sha256_RsaOaep', 'Aes256_Sha256_RsaPss'] as const

const patterns = (example: string) => z.array(z.string().min(1).max(512)).max(100).describe(example)

const limits = z.strictObject({
  sessions: z.int().min(1).max(1000).default(50).describe('How many clients may have a session.'),
  subscriptions: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe('How many subscriptions all clients together may have.'),
  monitoredItems: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(500_000)
    .describe('How many monitored items all clients together may have.'),
  nodesPerCall: z
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe('How many nodes one request may name: read, write, browse, monitor, register.'),
  historyValues: z
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe('How many values of a node one answer of HistoryRead has; the next come by its continuation point.'),
  stringBytes: z
    .int()
    .min(100)
    .max(16_777_216)
    .default(1_048_576)
    .describe('The longest text or byte string that is shown; a longer one is refused and goes to the dead letters.'),
})

export const opcuaServerOptions = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('0.0.0.0')
    .describe('Address to listen at: 0.0.0.0 for all of this machine, 127.0.0.1 for programs on it alone.'),
  port: z.int().min(0).max(65_535).default(4840).describe('Port to listen at; 0 takes a free one.'),
  hostName: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The name in the endpoint URLs that clients are given; by default that of this machine, or `host` where it is one address.',
    ),
  namespace: z
    .string()
    .regex(/^urn:\S+$|^https?:\/\/\S+$/, 'a namespace is a URI such as urn:acme:plant-1:bifrost')
    .default('urn:bifrost-gateway:bifrost')
    .describe('Namespace URI of the nodes: nsu=THIS;s=device/tag stays the same for ever.'),
  applicationName: z.string().min(1).max(256).default('Bifrost gateway').describe('How clients see this server named.'),
  securityPolicies: z
    .array(z.enum(SECURITY_POLICIES))
    .min(1)
    .default([...SECURITY_POLICIES])
    .describe('Security policies to offer, each with and without encryption (SignAndEncrypt, Sign).'),
  encryptOnly: z.boolean().default(false).describe('Offer SignAndEncrypt alone.'),
  insecure: z
    .boolean()
    .default(false)
    .describe(
      'Offer an endpoint without security too: whoever is on the network can then read along and forge. For first trials only.',
    ),
  users: fileOption()
    .optional()
    .describe(
      'File with the users, a line each: name:role:password hash, or name:role:certificate:thumbprint. See the README of the sink.',
    ),
  anonymous: z.boolean().default(false).describe('Clients may come without a user, with the rights of a viewer.'),
  writable: z
    .boolean()
    .default(false)
    .describe(
      'Users with the role operator may write tags that are writable; each write is checked, read back and audited.',
    ),
  tags: patterns('Which tags there are, as patterns of device/tag with * for any text.').default(['*/*']),
  viewer: patterns('Which of them users with the role viewer, and anonymous ones, may see.').default(['*/*']),
  operator: patterns('Which of them users with the role operator may see, and write if they may write at all.').default(
    ['*/*'],
  ),
  history: z
    .boolean()
    .default(true)
    .describe('Clients may read what the gateway has stored (HistoryRead, raw values).'),
  discovery: z
    .strictObject({
      mdns: z.boolean().default(false).describe('Announce the server in the local network by multicast DNS.'),
      server: z
        .string()
        .regex(/^opc\.tcp:\/\/\S+$/, 'a URL such as opc.tcp://lds:4840')
        .optional()
        .describe('Register at this local discovery server.'),
    })
    .optional()
    .describe('Tell others that there is this server; absent: nobody is told.'),
  limits: limits.prefault({}).describe('What all clients together may use.'),
})

export type OpcuaServerOptions = output<typeof opcuaServerOptions>
