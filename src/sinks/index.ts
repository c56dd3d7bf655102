/** THE REGISTRY of sinks: one line a sink. Configuration checks, reference pages, JSON Schema and the UI form derive from it. */
import type { SinkType } from '../core/sink.ts'
import { bifrost } from './bifrost/sink.ts'
import { file } from './file/sink.ts'
import { http } from './http/sink.ts'
import { influx } from './influx/sink.ts'
import { kafka } from './kafka/sink.ts'
import { mqtt } from './mqtt/sink.ts'
import { nats } from './nats/sink.ts'
import { opcuaServer } from './opcua-server/sink.ts'
import { postgres } from './postgres/sink.ts'
import { prometheus } from './prometheus/sink.ts'
import { redis } from './redis/sink.ts'
import { sparkplug } from './sparkplug/sink.ts'

/** Every sink that a configuration can name. */
export const sinks: readonly SinkType[] = [
  bifrost,
  file,
  http,
  influx,
  kafka,
  mqtt,
  nats,
  opcuaServer,
  postgres,
  prometheus,
  redis,
  sparkplug,
]

/** The sink type of this name, or undefined. */
export const sinkByName = (name: string): SinkType | undefined => sinks.find((sink) => sink.name === name)
