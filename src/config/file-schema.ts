/**
 * The parts of `bifrost.yaml` that do not belong to a plug-in: types, defaults and descriptions, each in one place. The
 * options of devices and sinks are `unknown` here; the named driver or sink parses its own.
 */
import { z } from 'zod'
import { duration, size } from '../core/duration.ts'
import { parseNetwork, type Network } from '../core/network.ts'
import { REPLAY_ORDERS } from '../core/cursor.ts'
import { RETENTION_POLICIES } from '../core/retention.ts'
import { areaSchema } from './area.ts'
import { LOG_FORMATS, LOG_LEVELS } from './config.ts'
import { listenSchema } from './listen.ts'

const logSchema = z.object({
  level: z.enum(LOG_LEVELS).default('info').describe('The least level that is written.'),
  format: z.enum(LOG_FORMATS).default('auto').describe('auto is human on a terminal and JSON otherwise.'),
})

const httpSchema = z.object({
  enabled: z.boolean().default(true).describe('false: no page, no API, no metrics.'),
  listen: listenSchema
    .prefault('127.0.0.1:8080')
    .describe('host:port of the page and the API; loopback only until accounts exist.'),
  hosts: z
    .array(z.string().regex(/^[^\s/:]+$/, 'expected a host name without scheme, port or path'))
    .default([])
    .describe('Host names, beside the loopback ones, under which the page may be opened, as behind a reverse proxy.'),
  access: z
    .enum(['accounts', 'open'])
    .default('open')
    .describe(
      'open: nobody is asked, on loopback only. accounts: people and programs are kept, and until signing in over HTTP exists nothing but health is answered.',
    ),
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
      'Trends: numbers and booleans in the order of tags, about two bytes a sample, for charts and exports. They stay when the log lets its samples go.',
    ),
  thinOneIn: z.number().int().min(2).max(1000).default(10).describe('How much thin-oldest thins.'),
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
  data: z.string().min(1).default('./data').describe('Folder of the log and all other state, relative to this file.'),
  log: logSchema.prefault({}).describe('What the gateway says about itself.'),
  http: httpSchema.prefault({}).describe('The page, the API and the metrics.'),
  store: storeSchema.prefault({}).describe('The durable log.'),
  templates: z
    .array(z.unknown())
    .default([])
    .describe('Templates of devices: the names of their files, or the templates themselves.'),
  discovery: discoverySchema.prefault({}).describe('Where devices may be looked for.'),
  devices: z.array(z.unknown()).default([]).describe('What is read.'),
  sinks: z.array(z.unknown()).default([]).describe('Where it goes.'),
  access: z.unknown().optional().describe('Who may do what: roles, sessions, single sign-on, client certificates.'),
  receive: z.unknown().optional().describe('Where other gateways may hand on their logs; off where absent.'),
})

export const deviceSchema = z.object({
  name: z.string().describe('Name of the device; no slash.'),
  driver: z.string().describe('The protocol it speaks.'),
  options: z.unknown().optional().describe('Options of the driver.'),
  enabled: z.boolean().default(true).describe('false: it is not connected to.'),
  every: duration({ minMs: 1 }).prefault('1s').describe('How often its tags are read, where they say nothing else.'),
  area: areaSchema.optional().describe('Where it stands, such as `site-1/line-2`: rights may be limited to areas.'),
  tags: z.unknown().optional().describe('The name of a CSV file beside this one, or a list.'),
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
