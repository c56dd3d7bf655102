/** The shapes of the API as zod schemas: requests are checked against them, and the OpenAPI document is made of them. */
import { z } from 'zod'
import { DATA_TYPES } from '../core/value.ts'
import { nextSchema } from './paging.ts'
import { PROBLEM_TYPE, problemSchema } from './problem.ts'

const time = () => z.iso.datetime()
const count = () => z.int().min(0)
const name = (what: string) => z.string().min(1).describe(what)

export const valueSchema = z
  .union([z.number(), z.boolean(), z.string(), z.null()])
  .describe('Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none')

export const statusSchema = z
  .object({ code: z.int().min(0).max(0xffff_ffff), name: z.string() })
  .describe('OPC UA StatusCode (OPC 10000-4)')

export const latestSchema = z
  .object({
    id: count().describe('Of the tag: what the live socket calls it'),
    device: z.string(),
    tag: z.string(),
    value: valueSchema,
    text: z.string().nullable().describe('The name of the value, where the tag names its numbers: `MPPT`'),
    unit: z.string().nullable(),
    type: z.enum(DATA_TYPES),
    status: statusSchema,
    time: time().nullable().describe('Source time of the value'),
    receivedAt: time().nullable().describe('When the gateway last read it'),
    ageMs: count().nullable().describe('Milliseconds since it was last read'),
    writable: z.boolean(),
    reason: z.string().nullable().describe('Why it is not good, in a sentence'),
  })
  .describe('The latest value of a tag, with quality, source time and age')

export const valuesPageSchema = z.object({
  values: z.array(latestSchema),
  next: nextSchema,
})

const percentilesSchema = z.object({
  p50: z.number().nullable(),
  p95: z.number().nullable(),
  p99: z.number().nullable(),
})

export const deviceSchema = z.object({
  name: z.string(),
  kind: z.enum(['polled', 'received']).describe('received: it comes from another gateway'),
  owner: z
    .string()
    .nullable()
    .describe('File and line of the configuration that describe it, such as conf.d/presses.yaml:12'),
  driver: z.string().describe('`received` where another gateway polls it'),
  endpoint: z.string(),
  enabled: z.boolean(),
  insecure: z.boolean().describe('Its options say `insecure: true`: others can read and change its traffic'),
  state: z.enum(['Running', 'Connecting', 'Degraded', 'Failed', 'Disabled']),
  stateSince: time(),
  reason: z.string().nullable(),
  lastGoodAt: time().nullable(),
  lastGoodAgeMs: count().nullable(),
  tags: z.object({ total: count(), good: count(), uncertain: count(), bad: count() }),
  polls: z.object({ total: count(), ok: count(), failed: count(), overruns: count() }),
  requests: z.object({ ok: count(), failed: count(), timeout: count() }),
  reconnects: count(),
  backfilled: count().describe('Samples that were read from the device’s own history, to fill gaps'),
  pollMs: percentilesSchema,
  latenessMs: percentilesSchema,
  duty: z
    .number()
    .min(0)
    .nullable()
    .describe(
      'The greatest share of its interval that a poll took in the last minute or two, waiting included: 1 and more is too long; null: there was none',
    ),
  samplesPerSecond: z.number().min(0).nullable().describe('Read, over the last ten seconds; null: not known'),
  maintenance: z
    .object({ id: z.string(), by: z.string(), reason: z.string(), until: time() })
    .nullable()
    .describe('The maintenance window that it is in: nobody is woken by its alerts; null: none'),
  liveness: z
    .object({
      staleForSeconds: z.number().describe('0 while the evidence says that the subscriptions are alive'),
      provenAt: time().nullable().describe('When they proved last that they are alive'),
      subscriptions: count(),
      monitoredItems: count(),
      rebuilds: z.object({ subscription: count(), session: count(), socket: count() }),
      missed: count(),
      republished: count(),
      overflows: count(),
      canaries: count(),
      clockOffsetMs: z.number().nullable().describe('The clock of the device before ours'),
      clockResets: count(),
    })
    .nullable()
    .describe('How its subscriptions do; null where it has none'),
})

export const devicesSchema = z.object({ devices: z.array(deviceSchema), next: nextSchema })

export const historySchema = z.object({
  device: z.string(),
  tag: z.string(),
  unit: z.string().nullable(),
  from: time(),
  to: time(),
  raw: z.boolean().describe('No decimation was needed: min = max = avg = value, count = 1'),
  points: z
    .array(z.array(z.union([z.number(), z.boolean(), z.string(), z.null()])).length(7))
    .describe(
      '[time in ms, value, min, max, status, avg, count]: the last value, the extremes, the worst status, the mean of the samples (each counts the same, however long it held) and how many they are; a value of null is a gap',
    ),
  next: z.null(),
})

export const replaySchema = z
  .object({
    kind: z.enum(['range', 'dead-letters']),
    from: z.string().nullable(),
    to: z.string().nullable(),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
    state: z.enum(['waiting', 'running', 'done', 'cancelled', 'failed']),
    delivered: z.int().min(0),
    rejected: z.int().min(0),
    withoutNumber: z
      .int()
      .min(0)
      .describe(
        'Samples of the stretch of which only the trend is left: they have no sequence number, and are left out',
      ),
    reason: z.string().nullable(),
  })
  .nullable()
  .describe('The replay that goes on, or the last one')

const sinkSchema = z.object({
  name: z.string(),
  kind: z.string(),
  owner: z
    .string()
    .nullable()
    .describe('File and line of the configuration that describe it, such as conf.d/presses.yaml:12'),
  insecure: z.boolean().describe('Its options say `insecure: true`: others can read and change its traffic'),
  state: z.enum(['Running', 'Connecting', 'Degraded', 'Failed', 'Disabled']),
  stateSince: time(),
  reason: z.string().nullable(),
  routed: count(),
  delivered: count(),
  pending: count(),
  dropped: z.record(z.string(), count()).describe('Reason to count'),
  balanced: z.boolean().describe('routed = delivered + pending + dropped'),
  oldestPendingAgeMs: z.number().min(0).nullable(),
  endpoint: z
    .string()
    .nullable()
    .describe('Where the far side is, without passwords; null where the options name no place'),
  inPerSecond: z.number().min(0).nullable().describe('Samples stored for it, over the last ten seconds'),
  outPerSecond: z.number().min(0).nullable().describe('Samples delivered, over the last ten seconds'),
  lastDeliveryAt: time().nullable().describe('When a batch was settled last; null: not since the start'),
  capacity: z
    .object({
      hoursLeft: z.number().nullable().describe('Until samples are lost that it does not have, at the present rate'),
      hoursHeld: z.number().nullable().describe('How long it may be away at that rate, the log being empty'),
    })
    .describe('Of the log, which all sinks share'),
  writes: z
    .object({ ok: count(), retried: count(), reconnects: count() })
    .describe('Batches that the far side took, that had to be written again; connections made anew; since the start'),
  deadLettersSinceStart: count(),
  nextAttemptAt: time().nullable().describe('When it is tried again after a failure; null: no pause'),
  lastError: z
    .object({ reason: z.string(), at: time() })
    .nullable()
    .describe('What went wrong last; it stays when all is well again'),
  replayed: count().describe('Delivered again on command; no part of the account'),
  replay: replaySchema,
  facts: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .describe('What the sink says of its session.'),
})

export const sinksSchema = z.object({ sinks: z.array(sinkSchema), next: z.null() })

const receivedSchema = z.object({
  name: z.string().describe('The gateway, as `receive.clients` names it'),
  connected: z.boolean(),
  since: time().describe('Since when it is connected, or away'),
  reason: z.string().nullable().describe('Why it is away, in a sentence; null while it is here'),
  from: z.string().nullable().describe('Its address; null while it is away'),
  logId: z.string().nullable().describe('The log that it sends; null: none since the start of this gateway'),
  upTo: count().nullable().describe('The highest number of that log that is on the disk here; null: none'),
  samples: count().describe('Taken since the start of this gateway, those that came again included'),
  repeated: count().describe('Of these, samples that were here already and are not stored again'),
  rejected: count().describe('Not taken, such as those of a device that is configured here; dead letters there'),
  leftOut: count().describe('Left out by the other gateway on purpose, to thin them'),
  bytes: count().describe('Of the link from there, without those of TLS and TCP'),
})

export const receivedListSchema = z.object({ received: z.array(receivedSchema), next: z.null() })

const shareSchema = z.number().min(0).max(1)

export const linesSchema = z.object({
  lines: z.array(
    z.object({
      key: z.string().describe('The line: a socket or serial port that devices share'),
      limit: z.int().min(1).describe('Requests that may be under way at once'),
      inFlight: count(),
      queued: count().describe('Polls, commands and other requests that wait for the line'),
      utilisation: shareSchema.describe('Share of the last minute in which a request was under way'),
      busySeconds: z.number().min(0).describe('Time with a request under way, since the start'),
      units: z
        .array(
          z.object({
            device: z.string(),
            unit: z.int().nullable().describe('null: the device itself, or which of its units is not known'),
            by: z.string().describe('gateway: what it asks itself; proxy: the clients of a proxy'),
            share: shareSchema.describe("Of the line's time in the last minute"),
            busySeconds: z.number().min(0),
            requests: count(),
          }),
        )
        .describe('Who uses it, the busiest first'),
      proxies: z
        .array(
          z.object({
            device: z.string(),
            listen: z.string().describe('Where its clients connect'),
            clients: count().describe('Connected there now'),
            requests: count().describe('Of all clients, since the start'),
            cached: count().describe('Answered from what was read lately'),
            refused: z.record(z.string(), count()).describe('Not passed on to the device, by reason'),
          }),
        )
        .describe('Devices of the line that others reach through the gateway'),
    }),
  ),
  next: nextSchema,
})

export const logSchema = z.object({
  logId: z.string(),
  ancestors: z
    .array(z.object({ logId: z.string(), throughSeq: z.number(), at: time().describe('When it was restored') }))
    .describe('Logs that were restored into this one: up to `throughSeq` the same number is the same sample in both'),
  oldestSeq: z.number(),
  durableSeq: z.number().describe('Everything up to here survives a power cut'),
  nextSeq: z.number(),
  bytes: count(),
  hoursLeft: z
    .number()
    .nullable()
    .describe('Until samples are lost that a sink does not have, at the present rate; null when unknown'),
  hoursHeld: z
    .number()
    .nullable()
    .describe('How long a sink may be away at the present rate before samples are lost; null when unknown'),
  full: z.boolean().describe('At its bound, and new samples are refused to keep old ones'),
  failed: z.string().nullable().describe('Why the log cannot be written; null when it can'),
  trends: z
    .object({
      files: count(),
      bytes: count(),
      oldestTime: time().nullable().describe('Source time of the oldest sample in a trend'),
      damaged: count().describe('Files, and parts of files, that did not check since the start'),
    })
    .describe('What is kept of samples in the order of tags, beyond the bounds of the log'),
})

export const statusCodesSchema = z.object({
  statusCodes: z.array(z.object({ code: z.int(), name: z.string(), hex: z.string(), text: z.string() })),
  next: z.null(),
})

export const writeBodySchema = z.strictObject({
  value: z
    .union([z.number(), z.boolean(), z.string()])
    .describe('In engineering units; int64 and uint64 as a decimal string, bytes as base64'),
  reason: z.string().max(1000).optional().describe('Why, for the audit log'),
  deadlineMs: z
    .int()
    .min(10)
    .max(60_000)
    .default(10_000)
    .describe('How long from now: what has not been sent to the device by then is never sent'),
})

export const writeResultSchema = z.object({
  device: z.string(),
  tag: z.string(),
  value: valueSchema,
  status: statusSchema,
  readBack: valueSchema,
  readBackStatus: statusSchema,
  durationMs: z.number().min(0),
  remark: z.string().nullable().describe('How it was done, where the status does not say it'),
})

export const healthSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      detail: z.string(),
      attention: z.literal(true).optional().describe('All is well, and yet somebody should look soon'),
      since: z.iso.datetime().optional().describe('Since when it is as it is, for those who may see all'),
    }),
  ),
})

export const toolsSchema = z.object({
  tools: z.array(
    z.object({
      name: z.string(),
      summary: z.string(),
      input: z.record(z.string(), z.unknown()).describe('JSON Schema of the body of a run'),
    }),
  ),
  next: z.null(),
})

export const profileSchema = z.object({
  device: z.string(),
  profile: z.unknown().describe('What the driver learned, in its own form; null: nothing'),
})

export const toolResultSchema = z.unknown().describe('What the tool found, in its own form')

const traceStatus = {
  active: z.boolean(),
  startedAt: time().nullable().describe('null: never'),
  endsAt: time().nullable().describe('When it stops by itself, or stopped'),
  count: count().describe('After how many exchanges it stops by itself'),
  captured: count().describe('Exchanges since its start'),
  held: count().describe('Those that it still holds; the oldest make room for new ones'),
  heldBytes: count(),
  bounds: z.object({ exchanges: count(), bytes: count() }).describe('What it holds at most'),
}

export const traceStatusSchema = z.object(traceStatus)

const frameSchema = z.object({ hex: z.string(), text: z.string().describe('Its fields in words') })

export const exchangeSchema = z.object({
  number: count(),
  time: time().describe('When the request was sent; for bytes that answer nothing: when they came'),
  protocol: z.string(),
  endpoint: z.string(),
  unit: count().nullable(),
  function: count().nullable(),
  exception: count().nullable(),
  roundTripMs: z.number().nullable(),
  request: frameSchema.nullable().describe('null: these bytes answer nothing'),
  response: frameSchema.nullable(),
  error: z.string().nullable().describe('What went wrong, in words'),
})

export const traceSchema = z.object({
  ...traceStatus,
  exchanges: z.array(exchangeSchema),
  next: count().describe('`after` for what comes later'),
})

export const deviceParams = z.object({ device: name('Name of the device') })
export const toolParams = deviceParams.extend({ tool: name('Name of the tool') })
export const tagParams = z.object({
  device: name('Name of the device'),
  tag: name('Name of the tag, percent-encoded; a `/` in it may be sent as it is or as %2F'),
})

const problemContent = { description: 'A problem', content: { [PROBLEM_TYPE]: { schema: problemSchema } } }

/** Responses of a route: its own, and a problem for everything else. */
export const answers = <Schema extends z.ZodType>(schema: Schema) => ({ 200: schema, default: problemContent })

/** As `answers`, for a route that answers with text of these content types. */
export const textAnswers = (...types: string[]) => ({
  200: { description: 'Text', content: Object.fromEntries(types.map((type) => [type, { schema: z.string() }])) },
  default: problemContent,
})
