/** What the tree of topics asks and answers. */
import { z } from 'zod'
import { messageSchema } from './explain-schemas.ts'
import { nextSchema } from './paging.ts'

const time = () => z.iso.datetime()
const count = () => z.int().min(0)

const sink = z.string().optional().describe('Name of the sink; the first one that has topics where absent')
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
const cursor = z.string().max(66_000).optional().describe('`next` of the page before')
const rates = flag
  .optional()
  .describe('`true`: rates are counted from now on, for a minute after the last such question')

export const treeQuery = z.object({
  sink,
  prefix: z
    .string()
    .max(66_000)
    .default('')
    .describe('The path of a node: its children are listed; the first level where absent'),
  limit: z.coerce.number().int().min(1).max(1000).default(200).describe('Nodes of a page'),
  cursor,
  rates,
})

export const messageQuery = z.object({ sink, topic: z.string().min(1).max(66_000).describe('The whole topic'), rates })

export const talkersQuery = z.object({
  sink,
  limit: z.coerce.number().int().min(1).max(200).default(20).describe('Topics at most, the busiest first'),
})

export const searchQuery = z.object({
  sink,
  q: z.string().trim().min(1).max(500).describe('Words that the topic holds, all of them, in whatever case'),
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Topics of a page'),
  cursor,
})

const producerSchema = z.object({ device: z.string(), tag: z.string() })

const published = {
  seq: z.number().describe('Sequence number of the newest sample in it'),
  time: time().nullable().describe('Source time of that sample'),
  receivedAt: time().nullable(),
  fate: z
    .enum(['waits', 'delivered', 'settled'])
    .describe(
      'waits: in the log; delivered: the far side has confirmed it; settled: that, or it was let go (refused, purged, retention): it is not known which',
    ),
  message: messageSchema,
}

const placeMessageSchema = z
  .object(published)
  .describe('Made anew by the encoder of the sink from what the log has: nothing is kept of what was sent')

const perMinute = z
  .number()
  .min(0)
  .nullable()
  .describe('Samples a minute of all its tags; null while nobody has watched for a second')

const sinkHead = {
  sink: z.string(),
  kind: z.string(),
  separator: z.string().nullable().describe('What parts the levels'),
  sinks: z.array(z.object({ name: z.string(), kind: z.string() })).describe('All sinks that have topics'),
  tags: count().describe('Tags that this sink sends'),
  watchedSeconds: z.number().min(0).describe('How long rates have been counted; 0: nobody watches'),
}

export const treeSchema = z.object({
  ...sinkHead,
  sink: z.string().nullable().describe('null: no sink has topics'),
  kind: z.string().nullable(),
  prefix: z.string(),
  nodes: z.array(
    z.object({
      segment: z.string(),
      path: z.string(),
      tags: count().describe('Tags at this topic and below it'),
      children: count().describe('Nodes of the next level; 100 stands for 100 and more'),
      leaf: z
        .object({
          tags: count().describe('Tags that are sent to this very topic'),
          producers: z.array(producerSchema).describe('The first of them'),
          perMinute,
          last: placeMessageSchema.nullable(),
        })
        .nullable()
        .describe('null: nothing is sent to this very topic'),
    }),
  ),
  next: nextSchema,
})

export const topicMessageSchema = z.object({
  sink: z.string(),
  topic: z.string(),
  tags: count(),
  producers: z.array(producerSchema).describe('The first 200 of them'),
  perMinute,
  last: placeMessageSchema.nullable(),
  previous: placeMessageSchema
    .nullable()
    .describe('Of the sample before; null where several tags share the topic, and where the last hour has none'),
  next: z.null(),
})

export const talkersSchema = z.object({
  ...sinkHead,
  topics: z.array(
    z.object({ topic: z.string(), tags: count(), producers: z.array(producerSchema), perMinute: z.number().min(0) }),
  ),
  next: z.null(),
})

export const foundSchema = z.object({
  ...sinkHead,
  topics: z.array(z.object({ topic: z.string(), tags: count(), producers: z.array(producerSchema) })),
  next: nextSchema,
})
