/**
 * A Kafka broker that says what a test wants: over TCP or TLS, with or without a login, each batch answered by the test. Requests and record
 * batches are read by the client library's own decoders, so that what we write is judged by code that is not ours.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Reader, readRecordsBatch, Writer } from '@platformatic/kafka'
import { freePort, type Cleanup } from './peers.ts'

export interface ReceivedBatch {
  /** -1: all replicas in sync. */
  readonly acks: number
  readonly topic: string
  readonly partition: number
  readonly producerId: bigint
  readonly epoch: number
  readonly sequence: number
  readonly compression: number
  readonly records: readonly {
    readonly key: string
    readonly value: string
    readonly time: number
    readonly headers: Record<string, string>
  }[]
}

/** An error code with what goes with it; or no answer to the whole request: cut the connection, or say nothing. */
export type BatchAnswer = { code: number; message?: string; records?: Record<number, string> } | 'cut' | 'silence'

export interface ScriptedBrokerOptions {
  /** Topic to its number of partitions, or to the error code it has. */
  readonly topics: Readonly<Record<string, number | { readonly error: number }>>
  /** What is said to a batch; 0 where absent. Metadata may be changed while it runs by changing `topics`. */
  readonly answer?: (batch: ReceivedBatch, count: number) => BatchAnswer
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly login?: { readonly mechanism: string; readonly user: string; readonly secret: string }
  /** The code with which a producer id is refused. */
  readonly producerIdError?: number
}

export interface ScriptedBroker {
  readonly address: string
  readonly batches: readonly ReceivedBatch[]
  /** Connections so far. */
  connections: number
  cut(): void
}

/** Starts it; it ends with the test. */
export async function startScriptedBroker(t: Cleanup, options: ScriptedBrokerOptions): Promise<ScriptedBroker> {
  const port = await freePort()
  const host = options.tls === undefined ? '127.0.0.1' : 'localhost'
  const sockets = new Set<Socket>()
  const batches: ReceivedBatch[] = []
  const state = { producerIds: 100n }
  const broker: ScriptedBroker = {
    address: `${host}:${port}`,
    batches,
    connections: 0,
    cut: () => sockets.forEach((socket) => socket.destroy()),
  }
  const onSocket = (socket: Socket) => {
    broker.connections++
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    const session = new Session(socket, options, { host, port }, batches, state)
    socket.on('data', (chunk: Buffer) => session.push(chunk))
  }
  const server: Server =
    options.tls === undefined
      ? createServer(onSocket)
      : createTlsServer({ cert: readFileSync(options.tls.cert), key: readFileSync(options.tls.key) }, onSocket)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    broker.cut()
  })
  return broker
}

const [PRODUCE, METADATA, SASL_HANDSHAKE, API_VERSIONS, INIT_PRODUCER_ID, SASL_AUTHENTICATE] = [0, 3, 17, 18, 22, 36]
/** API key, oldest and newest version. */
const OFFERED = [[PRODUCE, 3, 8], [METADATA, 0, 2], [SASL_HANDSHAKE, 0, 1], [API_VERSIONS, 0, 1], [INIT_PRODUCER_ID, 0, 1], [SASL_AUTHENTICATE, 0, 1]] as const // prettier-ignore

class Session {
  readonly #socket: Socket
  readonly #options: ScriptedBrokerOptions
  readonly #address: { host: string; port: number }
  readonly #batches: ReceivedBatch[]
  readonly #state: { producerIds: bigint }
  #buffer = Buffer.alloc(0)
  #login: ((message: string) => { reply?: string; error?: string }) | undefined
  #isIn: boolean

  constructor(
    socket: Socket,
    options: ScriptedBrokerOptions,
    address: { host: string; port: number },
    batches: ReceivedBatch[],
    state: { producerIds: bigint },
  ) {
    this.#socket = socket
    this.#options = options
    this.#address = address
    this.#batches = batches
    this.#state = state
    this.#isIn = options.login === undefined
  }

  push(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    while (this.#buffer.length >= 4 && this.#buffer.length >= 4 + this.#buffer.readInt32BE(0)) {
      const end = 4 + this.#buffer.readInt32BE(0)
      this.#request(Reader.from(this.#buffer.subarray(4, end)))
      this.#buffer = this.#buffer.subarray(end)
    }
  }

  #request(reader: Reader): void {
    const key = reader.readInt16()
    reader.readInt16()
    const correlation = reader.readInt32()
    reader.readNullableString(false)
    const open = key === API_VERSIONS || key === SASL_HANDSHAKE || key === SASL_AUTHENTICATE
    if (!this.#isIn && !open) return void this.#socket.destroy()
    const answer = this.#answer(key, reader)
    if (answer === 'cut') this.#socket.destroy()
    if (answer === 'cut' || answer === 'silence') return
    this.#socket.write(Writer.create().appendInt32(correlation).appendFrom(answer).prependLength().buffer)
  }

  #answer(key: number, reader: Reader): Writer | 'cut' | 'silence' {
    const writer = Writer.create()
    if (key === PRODUCE) return this.#produce(reader)
    if (key === METADATA) return this.#metadata(reader)
    if (key === API_VERSIONS)
      return writer.appendInt16(0).appendArray([...OFFERED], (w, [api, from, to]) => w.appendInt16(api).appendInt16(from).appendInt16(to), false, false).appendInt32(0) // prettier-ignore
    if (key === INIT_PRODUCER_ID) {
      const error = this.#options.producerIdError ?? 0
      return writer
        .appendInt32(0)
        .appendInt16(error)
        .appendInt64(error === 0 ? this.#state.producerIds++ : -1n)
        .appendInt16(0)
    }
    if (key === SASL_HANDSHAKE) {
      const { login } = this.#options
      const mechanism = reader.readString(false)
      const known = login?.mechanism === mechanism
      if (known) this.#login = loginOf(login)
      return writer
        .appendInt16(known ? 0 : 33)
        .appendArray([login?.mechanism ?? ''], (w, name) => w.appendString(name, false), false, false)
    }
    const { reply = '', error } = this.#login!(reader.readBytes(false).toString('latin1'))
    this.#isIn ||= (error === undefined && reply === '') || reply.startsWith('v=')
    return writer
      .appendInt16(error === undefined ? 0 : 58)
      .appendString(error ?? null, false)
      .appendBytes(Buffer.from(reply), false)
      .appendInt64(0n)
  }

  #metadata(reader: Reader): Writer {
    const names = reader.readArray((r) => r.readString(false), false, false) ?? []
    const { host, port } = this.#address
    return Writer.create()
      .appendArray([1], (w, node) => w.appendInt32(node).appendString(host, false).appendInt32(port).appendString(null, false), false, false)
      .appendString('scripted', false)
      .appendInt32(1)
      .appendArray(names, (w, name) => {
        const topic = this.#options.topics[name] ?? { error: 3 }
        const partitions = typeof topic === 'number' ? Array.from({ length: topic }, (_, at) => at) : []
        w.appendInt16(typeof topic === 'number' ? 0 : topic.error).appendString(name, false).appendBoolean(false)
        w.appendArray(partitions, (each, at) => each.appendInt16(0).appendInt32(at).appendInt32(1).appendInt32(0).appendInt32(0), false, false)
      }, false, false) // prettier-ignore
  }

  #produce(reader: Reader): Writer | 'cut' | 'silence' {
    reader.readNullableString(false)
    const acks = reader.readInt16()
    reader.readInt32()
    const answers: { topic: string; partition: number; answer: Exclude<BatchAnswer, string> }[] = []
    for (let topics = reader.readInt32(); topics > 0; topics--) {
      const topic = reader.readString(false)
      for (let partitions = reader.readInt32(); partitions > 0; partitions--) {
        const partition = reader.readInt32()
        reader.readInt32()
        const batch = receivedBatch(topic, partition, acks, reader)
        this.#batches.push(batch)
        const answer = this.#options.answer?.(batch, this.#batches.length) ?? { code: 0 }
        if (typeof answer === 'string') return answer
        answers.push({ topic, partition, answer })
      }
    }
    return Writer.create()
      .appendArray([...Map.groupBy(answers, ({ topic }) => topic)], (w, [topic, all]) => {
        w.appendString(topic, false).appendArray(all, (each, { partition, answer }) => {
          each.appendInt32(partition).appendInt16(answer.code).appendInt64(0n).appendInt64(-1n).appendInt64(0n)
          each.appendArray(Object.entries(answer.records ?? {}), (r, [at, why]) => r.appendInt32(Number(at)).appendString(why, false), false, false)
          each.appendString(answer.message ?? null, false)
        }, false, false)
      }, false, false)
      .appendInt32(0) // prettier-ignore
  }
}

function receivedBatch(topic: string, partition: number, acks: number, reader: Reader): ReceivedBatch {
  const batch = readRecordsBatch(reader)
  return {
    acks,
    topic,
    partition,
    producerId: batch.producerId,
    epoch: batch.producerEpoch,
    sequence: batch.firstSequence,
    compression: batch.attributes & 7,
    records: batch.records.map((record) => ({
      key: String(record.key ?? ''),
      value: String(record.value ?? ''),
      time: Number(batch.firstTimestamp + record.timestampDelta),
      headers: Object.fromEntries(record.headers.map(([name, value]) => [String(name), String(value)])),
    })),
  }
}

/** The server's side of a login: PLAIN (RFC 4616), OAUTHBEARER (RFC 7628), SCRAM (RFC 5802). */
function loginOf({ mechanism, user, secret }: NonNullable<ScriptedBrokerOptions['login']>) {
  if (mechanism === 'PLAIN')
    return (message: string) =>
      message === `\0${user}\0${secret}` ? {} : { error: 'Authentication failed: Invalid username or password' }
  if (mechanism === 'OAUTHBEARER')
    return (message: string) =>
      message === `n,,\x01auth=Bearer ${secret}\x01\x01` ? {} : { reply: '{"status":"invalid_token"}' }
  const hash = mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512'
  const salt = randomBytes(16)
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  const salted = pbkdf2Sync(secret, salt, 4096, hash === 'sha256' ? 32 : 64, hash)
  let first: string | undefined
  let challenge = ''
  return (message: string) => {
    if (first === undefined) {
      first = message.slice(3)
      challenge = `r=${/r=([^,]*)/.exec(first)![1]}${randomBytes(8).toString('hex')},s=${salt.toString('base64')},i=4096`
      return { reply: challenge }
    }
    const [withoutProof, proof] = message.split(',p=')
    const signed = `${first},${challenge},${withoutProof}`
    const clientKey = hmac(salted, 'Client Key')
    const signature = hmac(createHash(hash).update(clientKey).digest(), signed)
    const wanted = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!)).toString('base64')
    if (!first.startsWith(`n=${user},`) || proof !== wanted)
      return { error: 'Authentication failed during authentication due to invalid credentials' }
    return { reply: `v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}` }
  }
}
