/** Somebody who gives commands by MQTT and reads the answers: mqtt.js as it is, over MQTT 5 or 3.1.1. */
import type { IClientPublishOptions } from 'mqtt'
import { eventually, type Cleanup } from './peers.ts'

export interface Answered {
  readonly topic: string
  readonly body: Readonly<Record<string, unknown>>
  readonly correlation: string | undefined
}

export interface Commander {
  readonly answers: Answered[]
  send(topic: string, payload: string | Buffer | object, options?: IClientPublishOptions): Promise<void>
  /** Sends a command and waits for the next answer in that topic. */
  ask(topic: string, payload: string | Buffer | object, options?: IClientPublishOptions): Promise<Answered>
}

/** Reads answers in every topic that ends with `/reply`, and below `replies/`. */
export async function startCommander(t: Cleanup, url: string, protocolVersion: 4 | 5 = 5): Promise<Commander> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, { protocolVersion, reconnectPeriod: 50 })
  const answers: Answered[] = []
  client.on('error', () => undefined)
  client.on('message', (topic, payload, { properties }) => {
    if (!topic.endsWith('/reply') && !topic.startsWith('replies/')) return
    const correlation = properties?.correlationData?.toString()
    answers.push({ topic, body: JSON.parse(payload.toString()) as Answered['body'], correlation })
  })
  await client.subscribeAsync('#', { qos: 1 })
  t.after(() => client.endAsync(true))
  const send: Commander['send'] = async (topic, payload, options = {}) => {
    const body = typeof payload === 'string' || payload instanceof Buffer ? payload : JSON.stringify(payload)
    await client.publishAsync(topic, body, { qos: 1, ...options })
  }
  return {
    answers,
    send,
    async ask(topic, payload, options = {}) {
      const reply = options.properties?.responseTopic ?? `${topic}/reply`
      const before = answers.filter((answer) => answer.topic === reply).length
      await send(topic, payload, options)
      const after = () => answers.filter((answer) => answer.topic === reply)
      await eventually(`an answer in ${reply}`, () => after().length > before, 5000)
      return after()[before]!
    },
  }
}
