/** The shapes of what the gateway tells of itself. */
import { z } from 'zod'

const bytes = () => z.int().min(0)
const time = () => z.iso.datetime()
const rate = () => z.number().min(0).nullable()

export const loopDelaySchema = z
  .object({ p50: z.number().min(0), p99: z.number().min(0), max: z.number().min(0) })
  .nullable()
  .describe('How much later than it should a timer of the event loop fires, in ms; null: not measured yet')

export const systemSchema = z.object({
  version: z.string(),
  nodeVersion: z.string(),
  startedAt: time(),
  uptimeMs: z.int().min(0),
  hostName: z.string(),
  process: z.object({
    cpuShare: z.number().min(0).nullable().describe('Of one core, over the last ten seconds: 0.25 is a quarter of it'),
    rssBytes: bytes(),
    heapUsedBytes: bytes(),
    heapLimitBytes: bytes(),
  }),
  machine: z.object({
    cores: z.int().min(1).describe('That the gateway may use'),
    loadAverage: z.array(z.number()).nullable().describe('Over 1, 5 and 15 minutes; null where there is none'),
    memoryBytes: bytes(),
    memoryLimitBytes: bytes()
      .nullable()
      .describe(
        'Of the container or service, or the bound at which it is slowed down where that is less; null: there is none',
      ),
  }),
  disk: z
    .object({
      totalBytes: bytes(),
      freeBytes: bytes().describe('That the gateway may still fill'),
      usedByGatewayBytes: bytes().nullable().describe('By the data folder; null: it has too many files to look at'),
    })
    .nullable()
    .describe('Where the data folder lies, looked at every half a minute at most; null: it cannot be read'),
  eventLoop: z.object({
    delayMs: loopDelaySchema.describe('Over the last minute'),
    gcShare: z
      .number()
      .min(0)
      .nullable()
      .describe('Share of the last ten seconds that went into garbage collection, 0…1'),
  }),
  clock: z.object({
    now: time(),
    driftMs: z
      .int()
      .describe('How far the clock moved against the time that only goes forward, since the start: slewing and steps'),
    steps: z
      .array(z.object({ at: time(), byMs: z.int().describe('Positive: forward') }))
      .describe('When the clock was set while the gateway ran, or the machine slept; the newest last, 20 at most'),
    synchronised: z
      .boolean()
      .nullable()
      .describe('What systemd-timesyncd says; null: it does not run, so that nobody here knows'),
  }),
  samples: z.object({
    inPerSecond: rate().describe('Stored, over the last ten seconds'),
    outPerSecond: rate().describe('Delivered to all sinks together'),
    sinks: z.array(
      z.object({
        name: z.string(),
        inPerSecond: rate().describe('Stored, of those that the sink takes'),
        outPerSecond: rate().describe('Delivered'),
      }),
    ),
    devices: z
      .array(z.object({ name: z.string(), samplesPerSecond: z.number().min(0) }))
      .describe('The busiest hundred; `GET /api/v1/devices` has all of them'),
  }),
  history: z
    .array(
      z.object({
        at: time(),
        inPerSecond: rate(),
        outPerSecond: rate(),
        cpuShare: z.number().min(0).nullable(),
        rssBytes: bytes(),
        loopDelayMs: loopDelaySchema,
      }),
    )
    .describe('The last five minutes, a point every five seconds, the newest last'),
})
