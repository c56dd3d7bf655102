/** The options of the sparkplug sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { brokerUrl, checkConnection, connectionOptions, maxPacket } from '../mqtt-client/options.ts'
import { idProblem } from './topics.ts'

const id = z.string().superRefine((text, context) => {
  const problem = idProblem(text)
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
})

const MOST_BROKERS = 16

export const sparkplugOptions = z
  .strictObject({
    urls: z
      .union([brokerUrl, z.array(brokerUrl).min(1).max(MOST_BROKERS)])
      .describe(
        'Where the brokers are: mqtt://host:1883, mqtts://…, ws://… or wss://…; one, or a list of which the next is tried when one is lost.',
      ),
    groupId: id.describe('Sparkplug group.'),
    edgeNodeId: id.describe('Sparkplug edge node; with its group it is unique at the brokers.'),
    ...connectionOptions,
    primaryHostId: id
      .optional()
      .describe('Wait for this host application to be online, and leave a broker at which it is offline.'),
    stateCompat: z
      .enum(['v3', 'v2.2', 'both'])
      .default('v3')
      .describe(
        'How the primary host says that it is online: as Sparkplug 3.0, as version 2.2 (STATE/host), or either.',
      ),
    hostTimeout: duration({ minMs: 100, maxMs: 3_600_000 })
      .prefault('5s')
      .describe(
        'With several brokers: how long a primary host that says nothing is waited for before the next is tried.',
      ),
    aliases: z
      .boolean()
      .default(true)
      .describe('Name metrics in births only and by a number in data, which is much shorter.'),
    commands: z
      .boolean()
      .default(false)
      .describe('Hosts may write tags that are writable (DCMD). Whoever may publish at the broker can then do so.'),
    sequence: z
      .enum(['body', 'property'])
      .default('body')
      .describe(
        'Where the sequence number of each sample stands: packed in the payload body, or as property Seq of each metric.',
      ),
    uint32: z
      .enum(['int_value', 'long_value'])
      .default('int_value')
      .describe(
        'Field of UInt32 values: int_value as the specification says; older Tahu libraries read long_value only.',
      ),
    maxPacket,
  })
  .superRefine((options, context) => {
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    checkConnection(options, 'urls', brokersOf(options), issue)
  })

export type SparkplugOptions = output<typeof sparkplugOptions>

/** The brokers in the order in which they are tried. */
export const brokersOf = ({ urls }: Pick<SparkplugOptions, 'urls'>): readonly string[] => [urls].flat()
