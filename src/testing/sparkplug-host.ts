/** A Sparkplug host of the tests: a plain mqtt.js client that keeps every message as it came, decoded by a library of others. */
import type { TestContext } from 'node:test'
import { encodePayload, type UMetric } from 'sparkplug-payload/lib/sparkplugbpayload.js'
import { eventually } from './peers.ts'
import { SparkplugDecoder, type DecodedPayload } from './sparkplug-decoder.ts'

export interface SparkplugMessage {
  readonly topic: string
  /** NBIRTH, DDATA … */
  readonly type: string
  readonly device: string | undefined
  readonly qos: number
  readonly retain: boolean
  readonly payload: DecodedPayload
  /** When it came, ms of `performance.now()`. */
  readonly at: number
}

export interface SparkplugHost {
  readonly messages: SparkplugMessage[]
  /** The messages of a type: `DDATA`, or `DDATA/press-1`. */
  of(type: string): SparkplugMessage[]
  /** Waits until there are so many of a type; returns them. */
  wait(type: string, count?: number): Promise<SparkplugMessage[]>
  /** Publishes a command; the default topic is the NCMD of plant/gateway. */
  command(metrics: readonly Partial<UMetric>[], topic?: string, retain?: boolean): Promise<void>
  /** Asks for a rebirth. */
  rebirth(): Promise<void>
  publish(topic: string, payload: string | Buffer, retain?: boolean): Promise<void>
}

/** The type of a topic, and its device. */
export function placeOf(topic: string): { type: string; device: string | undefined } {
  const [, , type = '', , device] = topic.split('/')
  return { type, device }
}

/** Subscribes to everything of Sparkplug; after an outage it comes back with its session. */
export async function startSparkplugHost(t: TestContext, url: string): Promise<SparkplugHost> {
  const { connectAsync } = await import('mqtt')
  const clientId = `host-${process.pid}-${Math.random().toString(36).slice(2)}`
  const client = await connectAsync(url, { reconnectPeriod: 50, clean: false, clientId, rejectUnauthorized: false })
  const messages: SparkplugMessage[] = []
  const decoder = new SparkplugDecoder()
  client.on('error', () => undefined)
  client.on('message', (topic, bytes, { qos, retain }) => {
    if (topic.includes('STATE/') || topic.includes('CMD/')) return
    messages.push({
      topic,
      ...placeOf(topic),
      qos,
      retain,
      payload: decoder.decode(topic, bytes),
      at: performance.now(),
    })
  })
  await client.subscribeAsync('spBv1.0/#', { qos: 1 })
  t.after(() => client.endAsync(true))
  const of = (what: string) => {
    const [type, device] = what.split('/')
    return messages.filter((message) => message.type === type && (device === undefined || message.device === device))
  }
  const command: SparkplugHost['command'] = async (metrics, topic = 'spBv1.0/plant/NCMD/gateway', retain = false) => {
    const payload = encodePayload({ timestamp: Date.now(), metrics: metrics as UMetric[] })
    await client.publishAsync(topic, Buffer.from(payload), { qos: 0, retain })
  }
  return {
    messages,
    of,
    async wait(what, count = 1) {
      const seen = () => messages.map(({ type, device }) => `${type}${device === undefined ? '' : `/${device}`}`)
      await eventually(
        () => `${count} × ${what}; there are ${seen().slice(-20).join(', ')}`,
        () => of(what).length >= count,
        5000,
      )
      return of(what)
    },
    command,
    rebirth: () => command([{ name: 'Node Control/Rebirth', type: 'Boolean', value: true, timestamp: Date.now() }]),
    async publish(topic, payload, retain = false) {
      await client.publishAsync(topic, payload, { qos: 1, retain })
    },
  }
}
