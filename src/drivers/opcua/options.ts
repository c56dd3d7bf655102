/** The options of an OPC UA server that the gateway reads: the only place where they exist. */
import { z } from 'zod'
import { duration } from '../../core/duration.ts'

/** Where the security policies lie that the product offers (OPC 10000-7, 6.6); `best` is the strongest that the server offers. */
export const SECURITY_POLICIES = [
  'best',
  'None',
  'Basic256Sha256',
  'Aes128_Sha256_RsaOaep',
  'Aes256_Sha256_RsaPss',
] as const

export type SecurityPolicyName = (typeof SECURITY_POLICIES)[number]

const user = z
  .strictObject({
    name: z.string().min(1).optional().describe('User name.'),
    password: z.string().optional().describe('Password; encrypted where the endpoint is.').meta({ secret: true }),
    cert: z.string().optional().describe('PEM or DER file of the user certificate.').meta({ file: true }),
    key: z.string().optional().describe('PEM file of its private key.').meta({ file: true }),
  })
  .superRefine(({ name, password, cert, key }, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((cert === undefined) !== (key === undefined)) issue('cert', 'cert and key are given together')
    if (name === undefined && cert === undefined) issue('name', 'expected a name and a password, or cert and key')
    if (name !== undefined && cert !== undefined)
      issue('cert', 'a user has a name and a password, or a certificate, not both')
    if (password !== undefined && name === undefined) issue('password', 'needs a name')
  })

const timestamps = z.strictObject({
  use: z
    .enum(['source', 'server', 'gateway'])
    .default('source')
    .describe('Whose time a sample has: the device’s, the server’s, or the gateway’s when it arrived.'),
  maxSkew: duration({ minMs: 100, maxMs: 31_536_000_000 })
    .prefault('5m')
    .describe('A server whose clock is off by more is said to be wrong, and samples get the time of their arrival.'),
  onSkew: z
    .enum(['gateway', 'keep'])
    .default('gateway')
    .describe('What samples get while the server’s clock is off by more than maxSkew: the gateway’s time, or its own.'),
})

const liveness = z.strictObject({
  canary: duration({ minMs: 500, maxMs: 3_600_000 })
    .prefault('30s')
    .describe('How often one item of each subscription is read and compared with what was reported last.'),
  keepAlive: duration({ minMs: 200, maxMs: 600_000 })
    .prefault('5s')
    .describe('A subscription without changes says so about this often; three times this without a word is a fault.'),
})

const base = z.strictObject({
  endpoint: z
    .string()
    .regex(/^opc\.tcp:\/\/[^\s/]+(\/\S*)?$/, 'expected an address such as opc.tcp://10.0.0.5:4840')
    .describe('Address of the server: opc.tcp://host:port/path.'),
  securityPolicy: z
    .enum(SECURITY_POLICIES)
    .default('best')
    .describe('Security policy; best takes the strongest that the server offers and never falls back to None.'),
  securityMode: z
    .enum(['SignAndEncrypt', 'Sign', 'None'])
    .optional()
    .describe('SignAndEncrypt where absent; None goes with policy None alone.'),
  user: user.optional().describe('Who we are to the server; anonymous where absent.'),
  trustOnFirstUse: z
    .boolean()
    .default(false)
    .describe('Trust the certificate that the server shows first, unasked; a later change is refused all the same.'),
  ignoreHostname: z
    .boolean()
    .default(false)
    .describe('Take a server certificate that names another host, as behind an address translation (NAT).'),
  mode: z
    .enum(['subscribe', 'poll'])
    .default('subscribe')
    .describe(
      'Whether values are subscribed to or read at their interval; a tag asks for it by the word poll before its node.',
    ),
  publishEvery: duration({ minMs: 10, maxMs: 3_600_000 })
    .optional()
    .describe('Publishing interval of the subscriptions; the sampling interval of their tags (every) where absent.'),
  queueSize: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10)
    .describe('Changes of one item that the server keeps between two publishes.'),
  eventQueueSize: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Events of one notifier that the server keeps between two publishes; it may keep fewer.'),
  discardOldest: z
    .boolean()
    .default(true)
    .describe('When that is not enough: whether the oldest change is lost or the newest.'),
  trigger: z
    .enum(['status', 'value', 'timestamp'])
    .default('value')
    .describe('What counts as a change: the status alone, the value or status, or those or the source time.'),
  deadband: z
    .enum(['server', 'gateway'])
    .default('server')
    .describe('Who applies the deadbands of the tags; a server that cannot leaves it to the gateway.'),
  maxNodesPerRequest: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .describe('Nodes in one request, at most; fewer where the server says so.'),
  registerNodes: z
    .boolean()
    .default(true)
    .describe('Register the nodes that are read again and again, which makes it cheaper for many servers.'),
  writeTimestamps: z
    .enum(['none', 'source', 'both'])
    .default('none')
    .describe('Whether a write carries a source time, or that and a status of Good; many servers refuse both.'),
  requestTimeout: duration({ minMs: 100, maxMs: 600_000 }).prefault('5s').describe('How long to wait for an answer.'),
  connectTimeout: duration({ minMs: 100, maxMs: 600_000 })
    .prefault('5s')
    .describe('How long the connection, each of its steps, may take.'),
  sessionTimeout: duration({ minMs: 1000, maxMs: 3_600_000 })
    .prefault('60s')
    .describe('How long the server keeps session and subscriptions while we are away, with what happens meanwhile.'),
  maxInFlight: z.number().int().min(1).max(64).default(4).describe('Requests under way at once.'),
  liveness: liveness.prefault({}).describe('How a subscription that has gone silent is noticed.'),
  timestamps: timestamps.prefault({}).describe('Whose clock samples are told by, and when it is not believed.'),
  history: z
    .boolean()
    .default(false)
    .describe('After a gap, read what the server has recorded meanwhile (HistoricalAccess).'),
  historyLookBack: duration({ minMs: 1000, maxMs: 31_536_000_000 }).prefault('24h').describe('How far back, at most.'),
})

/** Encryption goes with a policy, and a policy with encryption: what contradicts itself is a mistake, not a wish. */
export const options = base.superRefine(({ securityPolicy, securityMode }, context) => {
  const issue = (message: string) => context.addIssue({ code: 'custom', path: ['securityMode'], message })
  if (securityPolicy === 'None' && securityMode !== undefined && securityMode !== 'None')
    issue('securityPolicy None has no encryption and no signatures; leave securityMode away, or take another policy')
  if (securityPolicy !== 'None' && securityMode === 'None')
    issue('securityMode None goes with securityPolicy: None alone; say that if you mean to go without encryption')
})

export type OpcuaOptions = z.output<typeof options>
