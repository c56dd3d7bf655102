/**
 * The parts of `bifrost.yaml` that do not belong to a plug-in: types, defaults and descriptions, each in one place. The
 * options of devices and sinks are `unknown` here; the named driver or sink parses its own.
 */
import { z } from 'zod'
import { duration, size } from '../core/duration.ts'
import { parseAddressRange, type AddressRange } from '../core/address-range.ts'
import { parseNetwork, type Network } from '../core/network.ts'
import { REPLAY_ORDERS } from '../core/cursor.ts'
import { RETENTION_POLICIES } from '../core/retention.ts'
import { areaSchema } from './area.ts'
import { assetsSchema } from './assets.ts'
import { httpTlsSchema } from './http-tls.ts'
import { listenSchema } from './listen.ts'
import { logSchema } from './log-schema.ts'
import { parameterOptions } from './parameter-sets.ts'
import { reportsSchema } from './reports.ts'
import { tracingSchema } from './tracing.ts'

const rangeSchema = z
  .string()
  .transform((text, context): AddressRange => {
    const range = parseAddressRange(text)
    if (typeof range !== 'string') return range
    context.addIssue({ code: 'custom', message: range })
    return z.NEVER
  })
  .meta({ examples: ['10.0.0.0/8'] })

const httpSchema = z.object({
  enabled: z.boolean().default(true).describe('false: no page, no API, no metrics.'),
  listen: listenSchema
    .prefault('127.0.0.1:8080')
    .describe(
      'host:port of the page and the API; where others can reach it, `tls` or `plain` is needed, and `access: accounts`.',
    ),
  hosts: z
    .array(z.string().regex(/^[^\s/:]+$/, 'expected a host name without scheme, port or path'))
    .default([])
    .describe('Host names, beside the loopback ones, under which the page may be opened, as behind a reverse proxy.'),
  access: z
    .enum(['accounts', 'open'])
    .default('accounts')
    .describe(
      'accounts: people sign in, programs have tokens; the first start prints a one-time link that makes the administrator. open: nobody is asked; every program of this machine may do everything, on loopback only, and the page says so.',
    ),
  plain: z
    .boolean()
    .default(false)
    .describe('true: TLS ends before the gateway, as at a reverse proxy, so that others may reach it without `tls`.'),
  trustedProxies: z
    .array(rangeSchema)
    .default([])
    .describe(
      'Addresses of reverse proxies: what they say in X-Forwarded-For is believed, so that limits count the clients behind them. A proxy that is not named here is one client.',
    ),
  securityContact: z
    .string()
    .regex(
      /^(https:\/\/|mailto:|tel:)[\x21-\x7e]+$/,
      'expected an address such as mailto:security@plant.example or https://…',
    )
    .optional()
    .describe('To whom a weakness is reported, in /.well-known/security.txt; without it there is none.'),
  metrics: z
    .object({
      maxDevices: z
        .number()
        .int()
        .min(1)
        .max(100_000)
        .default(1000)
        .describe(
          'How many devices, in the order of the configuration, have series of their own in the metrics; as many lines, proxies and subscriptions. The rest is summed under device="_other". About 50 series a device: at 10,000 devices Prometheus takes in half a million.',
        ),
    })
    .prefault({})
    .describe('What Prometheus gets at /metrics.'),
  tls: httpTlsSchema.optional().describe('HTTPS in place of HTTP. Renewed files are taken up while it runs.'),
})

const storeSchema = z.object({
  sync: z
    .enum(['group', 'each'])
    .default('group')
    .describe('group: samples are forced to the disk together, every `syncEvery`; each: as soon as they come.'),
  syncEvery: duration({ minMs: 1, maxMs: 60_000 })
    .prefault('200ms')
    .describe('How often samples are forced to the disk: what a power cut can cost at most. 1s spares flash.'),
  preallocate: size({ maxBytes: 16 * 2 ** 20 })
    .prefault(0)
    .describe(
      'Zeros are written ahead of the log in pieces of this size, so that a commit changes data alone. 1MiB with `syncEvery: 1s` halves what a little box writes to its flash; 0: none.',
    ),
  maxSize: size({ minBytes: 16 * 2 ** 20 })
    .prefault('10GiB')
    .describe('The most that the log may take on the disk.'),
  maxAge: duration({ minMs: 60_000 }).prefault('30d').describe('The longest that samples are kept.'),
  whenFull: z
    .enum(RETENTION_POLICIES)
    .default('drop-oldest')
    .describe(
      'What happens at `maxSize` with samples that a sink still waits for: drop-oldest; drop-newest, what comes is refused; thin-oldest, of old samples about one in `thinOneIn` and the extremes stay; block, devices are not read until there is room.',
    ),
  trends: z
    .object({
      maxSize: size({ minBytes: 2 ** 20 })
        .prefault('2GiB')
        .describe('The most that trends may take on the disk, beside the log; the oldest go first.'),
      maxAge: duration({ minMs: 60_000, maxMs: 3660 * 86_400_000 })
        .prefault('365d')
        .describe('The longest that trends are kept.'),
    })
    .prefault({})
    .describe(
      'Trends: numbers and booleans in the order of tags, one to three bytes a sample, for charts and exports. They stay when the log lets its samples go.',
    ),
  thinOneIn: z.number().int().min(2).max(1000).default(10).describe('How much thin-oldest thins.'),
})

const secretsSchema = z.object({
  folder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A folder with one file a secret, such as a Kubernetes mount; relative to this file. Then come $CREDENTIALS_DIRECTORY and /run/secrets.',
    ),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe('File with the key that seals secrets, relative to this file; outside of the data folder.'),
  keyCommand: z
    .array(z.string())
    .min(1)
    .max(64)
    .optional()
    .describe('Program and arguments, run without a shell, that print the key, as from a KMS; ten seconds at most.')
    .meta({ examples: [['/usr/local/bin/unwrap-key', 'bifrost']] }),
})

const writesSchema = z.object({
  approveWithin: duration({ minMs: 5000, maxMs: 3_600_000 })
    .prefault('2m')
    .describe('How long a write of a tag with `approval` waits for a second person; then nothing is written.'),
})

const auditSchema = z.object({
  maxFileSize: size({ minBytes: 64 * 2 ** 10, maxBytes: 256 * 2 ** 20 })
    .prefault('8MiB')
    .describe('A file of the audit log that is larger gets no further line.'),
  maxFileAge: duration({ minMs: 60_000 }).prefault('30d').describe('A file that is older gets no further line.'),
  maxSize: size({ minBytes: 2 ** 20 })
    .prefault('1GiB')
    .describe('The most that the audit log may take on the disk; whole files go, the oldest first, on record.'),
  maxAge: duration({ minMs: 3_600_000, maxMs: 3660 * 86_400_000 })
    .prefault('730d')
    .describe('Files whose newest line is older are removed, on record.'),
})

const networkSchema = z.object({
  allow: z
    .array(rangeSchema)
    .default([])
    .describe(
      'Ranges of addresses that devices and sinks may have, such as 10.0.0.0/8; nothing else is dialled then. Link-local addresses, and those at which clouds keep the secrets of a machine, are dialled only where they are named here.',
    ),
  deny: z.array(rangeSchema).default([]).describe('Ranges that are never dialled, whatever `allow` says.'),
})

const discoverySchema = z.object({
  networks: z
    .array(
      z
        .string()
        .transform((text, context): Network => {
          const network = parseNetwork(text)
          if (typeof network !== 'string') return network
          context.addIssue({ code: 'custom', message: network })
          return z.NEVER
        })
        .meta({ examples: ['10.0.1.0/24'] }),
    )
    .default([])
    .describe('What `bifrost scan` may ask: networks such as 10.0.1.0/24, addresses, host names. None by default.'),
  multicast: z
    .boolean()
    .default(false)
    .describe('Whether `bifrost scan --multicast` may ask the whole network who announces itself (mDNS).'),
})

export const fileSchema = z.object({
  version: z.literal(1).describe('The version of this file format: 1.'),
  include: z
    .unknown()
    .optional()
    .describe(
      'Further files with devices, sinks and templates, such as [conf.d/*.yaml]; sorted, relative to this file. Every other section stands in one file.',
    ),
  data: z.string().min(1).default('./data').describe('Folder of the log and all other state, relative to this file.'),
  log: logSchema.prefault({}).describe('What the gateway says about itself.'),
  http: httpSchema.prefault({}).describe('The page, the API and the metrics.'),
  store: storeSchema.prefault({}).describe('The durable log.'),
  secrets: secretsSchema
    .prefault({})
    .describe('Where `${secret:name}` looks, and the key that seals secrets and signs the audit log.'),
  audit: auditSchema.prefault({}).describe('What was done, by whom and why: how much of it is kept.'),
  writes: writesSchema.prefault({}).describe('What holds for all writes to devices.'),
  templates: z
    .array(z.unknown())
    .default([])
    .describe('Templates of devices: the names of their files, or the templates themselves.'),
  network: networkSchema.prefault({}).describe('Which addresses devices and sinks may be dialled at.'),
  discovery: discoverySchema.prefault({}).describe('Where devices may be looked for.'),
  tracing: tracingSchema.prefault({}).describe('Where traces of what the gateway does go; off by default.'),
  devices: z.array(z.unknown()).default([]).describe('What is read.'),
  sinks: z.array(z.unknown()).default([]).describe('Where it goes.'),
  assets: assetsSchema
    .default([])
    .describe('Machines and lines whose availability, performance, quality and OEE are told, from tags of devices.'),
  access: z.unknown().optional().describe('Who may do what: roles, sessions, single sign-on, client certificates.'),
  alerts: z
    .unknown()
    .optional()
    .describe('Whom the gateway itself tells what goes wrong, where no Prometheus does; off where absent.'),
  reports: reportsSchema.optional().describe('Service reports that are made by a schedule; off where absent.'),
  receive: z.unknown().optional().describe('Where other gateways may hand on their logs; off where absent.'),
})

/** A file that is included: its version is that of the file that includes it. */
export const includedSchema = fileSchema.extend({ version: fileSchema.shape.version.optional() })

export const deviceSchema = z.object({
  name: z.string().describe('Name of the device; no slash.'),
  driver: z.string().describe('The protocol it speaks.'),
  options: z.unknown().optional().describe('Options of the driver.'),
  enabled: z.boolean().default(true).describe('false: it is not connected to.'),
  every: duration({ minMs: 1 }).prefault('1s').describe('How often its tags are read, where they say nothing else.'),
  area: areaSchema.optional().describe('Where it stands, such as `site-1/line-2`: rights may be limited to areas.'),
  tags: z.unknown().optional().describe('The name of a CSV file beside this one, or a list.'),
  ...parameterOptions,
})

const replaySchema = z.object({
  order: z
    .enum(REPLAY_ORDERS)
    .default('in-order')
    .describe(
      'in-order: from the oldest to the newest. live-first: new samples at once, what was missed beside them, marked as historical.',
    ),
  rate: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'The most samples a second of what was missed, or is delivered again on command; as fast as the far side takes them where absent.',
    ),
})

export const sinkSchema = z.object({
  name: z.string().describe('Name of the sink; its place in the log is kept under it.'),
  sink: z.string().describe('The kind of far side.'),
  options: z.unknown().optional().describe('Options of the sink.'),
  enabled: z.boolean().default(true).describe('false: it is not connected to.'),
  replay: replaySchema.prefault({}).describe('How what was missed is made up for after an outage.'),
})
