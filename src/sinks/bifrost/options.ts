/** The options of the bifrost sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration, size } from '../../core/duration.ts'
import { host } from '../../core/host.ts'
import { isLoopback } from '../../core/network.ts'
import { tlsOptions } from '../../core/tls-options.ts'
import { parseWindow, type DailyWindow } from './windows.ts'

const thinRule = z.strictObject({
  match: z
    .string()
    .min(1)
    .describe('Which tags: device/tag, * stands for any characters; without a slash all tags of these devices.'),
  every: duration()
    .prefault('10s')
    .describe(
      'Of each such stretch of source time the first value, every new lowest and highest one and every change of status are sent; 0: all.',
    ),
  behind: duration()
    .optional()
    .describe('The rule holds only while what is sent is older than this: then others go first. Absent: always.'),
})

const window = z
  .string()
  .transform((text, context): DailyWindow => {
    const parsed = parseWindow(text)
    if (typeof parsed !== 'string') return parsed
    context.addIssue({ code: 'custom', message: parsed })
    return z.NEVER
  })
  .meta({ examples: ['22:00-06:00', 'mon-fri 12:00-13:30'] })

export const bifrostOptions = z
  .strictObject({
    host: host().describe('Where the upstream gateway is: host name or address.'),
    port: z.int().min(1).max(65_535).default(7180).describe('The port of its `receive.listen`.'),
    gateway: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('The name under which the upstream gateway knows this one; by default the one in our certificate.'),
    tls: z
      .boolean()
      .default(true)
      .describe('false: without encryption, and so only to this machine, such as the near end of a tunnel.'),
    ...tlsOptions,
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe("The name that the upstream gateway's certificate has, where it is not `host`."),
    token: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe('A secret that the upstream gateway wants beside, or in place of, a certificate.')
      .meta({ secret: true }),
    connectTimeout: duration({ minMs: 100, maxMs: 300_000 })
      .prefault('10s')
      .describe('How long a connection, and then the answer to our hello, may take.'),
    ackTimeout: duration({ minMs: 1000, maxMs: 3_600_000 })
      .prefault('2m')
      .describe('An upstream gateway that confirms nothing for this long is taken as lost.'),
    sendEvery: duration({ maxMs: 3_600_000 })
      .prefault(0)
      .describe('Send no more often than this; what comes between waits in the log. Fewer bytes a sample for it.'),
    bandwidth: size({ minBytes: 100 })
      .optional()
      .describe('The most bytes a second, such as 4kB; TLS and TCP add some percent of their own. Absent: no cap.'),
    windows: z
      .array(window)
      .default([])
      .describe(
        'When there may be a connection, by the clock of this machine: 22:00-06:00, mon-fri 12:00-13:30. Empty: always.',
      ),
    thin: z
      .array(thinRule)
      .default([])
      .describe(
        'Which tags are sent with fewer samples; the first rule that matches counts. What is left out counts as dropped (thinned).',
      ),
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((options.cert === undefined) !== (options.key === undefined)) issue('cert', 'cert and key are given together')
    if (options.tls) return
    if (!isLoopback(options.host) && options.host !== 'localhost')
      issue('tls', `without encryption only to this machine: ${options.host} is another one`)
    if ((options.ca ?? options.cert ?? options.serverName) !== undefined) issue('tls', 'certificates need tls: true')
    if (options.gateway === undefined) issue('gateway', 'is needed where no certificate says who this gateway is')
  })

export type BifrostOptions = output<typeof bifrostOptions>
