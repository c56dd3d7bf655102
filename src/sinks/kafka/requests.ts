/**
 * The three requests of this sink (Kafka protocol: Produce 0, Metadata 3, InitProducerId 22) in the newest version that a broker and we both
 * know. Produce is written here, since its batches are made elsewhere; the rest is the client library's.
 */
import type { Connection } from '@platformatic/kafka'
import { GatewayError, NotConnectedError } from '../../core/errors.ts'
import type { Broker, Library } from './broker.ts'
import { codeError, codeText } from './reasons.ts'

const PRODUCE = 0
const METADATA = 3
const INIT_PRODUCER_ID = 22
const ZSTD_FROM = 7
const ALL_REPLICAS = -1
const NO_CLUSTER_PERMISSION = 31

export interface Metadata {
  readonly clusterId?: string | null
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly topics: readonly {
    readonly errorCode: number
    readonly name: string | null
    readonly partitions: readonly { readonly partitionIndex: number; readonly leaderId: number }[]
  }[]
}

interface MetadataApi {
  async(connection: Connection, topics: string[], create: boolean, operations: boolean): Promise<Metadata>
}

/** A record batch as it travels. */
export interface Parcel {
  readonly topic: string
  readonly partition: number
  readonly bytes: Buffer
}

/** What a broker says to a batch. */
export interface Answer {
  readonly errorCode: number
  readonly errorMessage?: string | null
  /** Which records of the batch are to blame, where the broker says so. */
  readonly recordErrors?: readonly { readonly batchIndex: number; readonly batchIndexErrorMessage: string | null }[]
}

export interface ProduceResponse {
  readonly responses: readonly {
    readonly name: string
    readonly partitionResponses: readonly (Answer & { readonly index: number })[]
  }[]
  readonly throttleTimeMs?: number
}

export interface ProducerId {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** Brokers and the leaders of these topics; errors of topics stand in the answer. */
export async function askMetadata(
  broker: Broker,
  library: Library,
  topics: readonly string[],
  create: boolean,
): Promise<Metadata> {
  // Before version 4 a broker creates topics as its own settings say, whatever is asked.
  const versions = [
    [9, library.metadataV9.api], [8, library.metadataV8.api], [7, library.metadataV7.api], [6, library.metadataV6.api],
    [5, library.metadataV5.api], [4, library.metadataV4.api], [2, library.metadataV2.api],
  ] as readonly (readonly [number, MetadataApi])[] // prettier-ignore
  const [, api] = broker.version(METADATA, 'Metadata', versions)
  return answered<Metadata>(broker.request((connection) => api.async(connection, [...topics], create, false)))
}

/** A new id to number batches under. */
export async function askProducerId(broker: Broker, library: Library): Promise<ProducerId> {
  const versions = [
    [4, library.initProducerIdV4.api], [3, library.initProducerIdV3.api],
    [1, library.initProducerIdV1.api], [0, library.initProducerIdV0.api],
  ] as const // prettier-ignore
  const [, api] = broker.version(INIT_PRODUCER_ID, 'InitProducerId', versions)
  const asked = broker.request((connection) => api.async(connection, null, 60_000))
  const { errorCode, ...id } = await answered<ProducerId & { readonly errorCode: number }>(asked)
  if (errorCode === 0) return id
  if (errorCode !== NO_CLUSTER_PERMISSION) throw codeError(`${broker.name} gave no producer id`, errorCode)
  const sentence = `no permission to number batches: ${codeText(errorCode)}; allow IdempotentWrite, or set idempotent: false`
  throw new GatewayError('SINK_REFUSED', sentence)
}

/** Sends batches, at most one a partition; resolves with what the broker says to each. */
export async function sendParcels(
  broker: Broker,
  library: Library,
  parcels: readonly Parcel[],
  needs: { zstd: boolean; timeoutMs: number },
): Promise<ProduceResponse> {
  const versions = [
    [8, library.produceV8], [7, library.produceV7], [6, library.produceV6],
    [5, library.produceV5], [4, library.produceV4], [3, library.produceV3],
  ] as const // prettier-ignore
  const [version, { parseResponse }] = broker.version<{ parseResponse: unknown }>(PRODUCE, 'Produce', versions)
  if (needs.zstd && version < ZSTD_FROM)
    throw new GatewayError('SINK_REFUSED', `${broker.name} is too old for zstd; choose another compression`)
  const request = () => produceRequest(library, parcels, needs.timeoutMs)
  const send = (connection: Connection) =>
    new Promise<ProduceResponse>((resolve, reject) =>
      connection.send<ProduceResponse>(
        PRODUCE,
        version,
        request,
        parseResponse as never,
        false,
        false,
        (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
      ),
    )
  return answered(broker.request(send))
}

export function answerOf({ responses }: ProduceResponse, { topic, partition }: Parcel, broker: string): Answer {
  const answer = responses
    .find(({ name }) => name === topic)
    ?.partitionResponses.find(({ index }) => index === partition)
  if (answer === undefined) throw new NotConnectedError(`${broker} did not say what became of a batch`)
  return answer
}

/** Versions 3 to 8: transactionalId, acks, timeout, [ topic, [ partition, records ] ]. */
function produceRequest({ Writer }: Library, parcels: readonly Parcel[], timeoutMs: number) {
  return Writer.create()
    .appendString(null, false)
    .appendInt16(ALL_REPLICAS)
    .appendInt32(timeoutMs)
    .appendArray([...Map.groupBy(parcels, ({ topic }) => topic)], (writer, [topic, batches]) =>
      writer.appendString(topic, false).appendArray(
        batches,
        (inner, { partition, bytes }) => inner.appendInt32(partition).appendInt32(bytes.length).append(bytes),
        false, false,
      ), false, false) // prettier-ignore
}

/** The library throws an answer that has an error in it, and keeps the answer with the error. */
async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Error && 'response' in error) return error.response as T
    throw error
  }
}
