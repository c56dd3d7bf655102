/**
 * A client for discovery alone: HEL and ACK, a channel without security, and the questions that every server answers to everybody
 * (OPC 10000-6, 7.1 and 6.7; OPC 10000-4, 5.5). No session, no certificates, no library: it runs in the main thread, over any
 * connection, and reads only.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../../core/clock.ts'
import { GatewayError, NotConnectedError } from '../../../core/errors.ts'
import { statusName } from '../../../core/status.ts'
import { Framer } from '../../../wire/framer.ts'
import { violation } from '../../../wire/reader.ts'
import { UaReader, UaWriter } from './binary.ts'
import type { Service } from './messages.ts'

const HEADER_BYTES = 8
const CHUNK_BYTES = 65_536
const MESSAGE_BYTES = 4 * 1024 * 1024
const MOST_CHUNKS = 256
const POLICY_NONE = 'http://opcfoundation.org/UA/SecurityPolicy#None'
const LIFETIME_MS = 60_000
const FAULT = 397
const OPEN = { request: 446, response: 449 } as const
const CLOSE = 452

/** What a server may refuse a stranger with, beside the statuses that values have (OPC 10000-6, A.2). */
const REFUSALS: Readonly<Record<number, string>> = {
  0x800b0000: 'BadServiceUnsupported',
  0x800e0000: 'BadServerHalted',
  0x80540000: 'BadSecurityModeRejected',
  0x80550000: 'BadSecurityPolicyRejected',
  0x807d0000: 'BadTcpServerTooBusy',
  0x807e0000: 'BadTcpMessageTypeInvalid',
  0x80800000: 'BadTcpMessageTooLarge',
  0x80810000: 'BadTcpNotEnoughResources',
  0x80820000: 'BadTcpInternalError',
  0x80830000: 'BadTcpEndpointUrlInvalid',
}

/** A message in one piece: its type and what stands behind the header. */
interface Message {
  readonly type: string
  /** F: the last chunk, C: more follow, A: given up. */
  readonly chunk: string
  readonly body: Buffer
}

/** One connection, in order: `hello`, then any number of `ask`. Whoever opened the stream ends it. */
export class DiscoveryClient {
  readonly #stream: Duplex
  readonly #signal: AbortSignal
  readonly #framer = new Framer({ headerBytes: HEADER_BYTES, maxBytes: CHUNK_BYTES, measure })
  readonly #chunks: AsyncIterator<unknown>
  readonly #name: string
  readonly #clock: Clock
  #channel = 0
  #token = 0
  #number = 0

  /** `name`: the far side in messages. `signal`: ends every wait. */
  constructor(stream: Duplex, { name, clock }: { readonly name: string; readonly clock: Clock }, signal: AbortSignal) {
    this.#stream = stream
    this.#clock = clock
    this.#name = name
    this.#signal = signal
    // What breaks is told by whoever waits.
    stream.on('error', () => undefined)
    this.#chunks = stream.iterator({ destroyOnReturn: false })
  }

  /** HEL and ACK, then the channel. Throws PROTOCOL_VIOLATION for what is no OPC UA server, ACCESS_REFUSED with its reason. */
  async hello(url: string): Promise<void> {
    const hello = new UaWriter()
      .uint32(0)
      .uint32(CHUNK_BYTES)
      .uint32(CHUNK_BYTES)
      .uint32(MESSAGE_BYTES)
      .uint32(MOST_CHUNKS)
    this.#send('HEL', hello.string(url).finish())
    const { type } = await this.#receive()
    if (type !== 'ACK') throw violation(`${this.#name} answered HEL with ${type}`)
    const open = this.#request(OPEN.request).uint32(0).int32(0).int32(1).string(undefined).uint32(LIFETIME_MS)
    const security = new UaWriter().uint32(0).string(POLICY_NONE).string(undefined).string(undefined)
    this.#send('OPN', security.bytes(this.#sequence()).bytes(open.finish()).finish())
    const reader = this.#answer(await this.#whole('OPN'), 'OpenSecureChannel', OPEN.response)
    reader.uint32('protocol version')
    this.#channel = reader.uint32('channel id')
    this.#token = reader.uint32('token id')
  }

  /** Throws ACCESS_REFUSED when the server does not answer this. */
  async ask<Answer>(service: Service<Answer>): Promise<Answer> {
    const request = this.#request(service.request)
    service.encode(request)
    this.#sendMessage('MSG', request)
    return service.decode(this.#answer(await this.#whole('MSG'), service.name, service.response))
  }

  /** Says farewell, so that the server need not keep the channel. */
  goodbye(): void {
    if (this.#channel !== 0 && !this.#stream.destroyed) this.#sendMessage('CLO', this.#request(CLOSE))
  }

  /** The node id of a request and its header (OPC 10000-4, 7.32). */
  #request(id: number): UaWriter {
    const header = new UaWriter()
      .nodeId(id)
      .bytes(Buffer.from([0, 0]))
      .time(this.#clock.now())
    return header
      .uint32(this.#number + 1)
      .uint32(0)
      .string(undefined)
      .uint32(LIFETIME_MS)
      .bytes(Buffer.from([0, 0, 0]))
  }

  #sequence(): Buffer {
    const number = ++this.#number
    return new UaWriter().uint32(number).uint32(number).finish()
  }

  #sendMessage(type: string, request: UaWriter): void {
    const head = new UaWriter().uint32(this.#channel).uint32(this.#token).bytes(this.#sequence())
    this.#send(type, head.bytes(request.finish()).finish())
  }

  #send(type: string, body: Buffer): void {
    const header = Buffer.alloc(HEADER_BYTES)
    header.write(`${type}F`, 'latin1')
    header.writeUInt32LE(HEADER_BYTES + body.length, 4)
    this.#stream.write(Buffer.concat([header, body]))
  }

  /** The body of an answer whose chunks are all there, behind the headers of security and sequence. */
  async #whole(type: 'OPN' | 'MSG'): Promise<Buffer> {
    const parts: Buffer[] = []
    let bytes = 0
    for (let chunks = 1; ; chunks++) {
      const message = await this.#receive()
      if (message.type !== type) throw violation(`${this.#name} sent ${message.type} instead of ${type}`)
      const part = message.body.subarray(payloadStart(message))
      if (message.chunk === 'A') throw violation(`${this.#name} gave its answer up`)
      parts.push(part)
      bytes += part.length
      if (message.chunk === 'F') return Buffer.concat(parts)
      if (chunks >= MOST_CHUNKS || bytes > MESSAGE_BYTES) throw violation(`${this.#name} sends an answer without end`)
    }
  }

  #answer(body: Buffer, name: string, expected: number): UaReader {
    const reader = new UaReader(body)
    const id = reader.nodeId('response')
    if (id !== expected && id !== FAULT)
      throw violation(`${this.#name} answered ${name} with ${id ?? 'something else'}`)
    const status = reader.responseHeader()
    if (status < 0x8000_0000 && id === expected) return reader
    throw this.#refused(`refused ${name}`, status)
  }

  async #receive(): Promise<Message> {
    while (!this.#framer.next()) {
      const { done, value } = await this.#nextChunk()
      if (done === true) throw new NotConnectedError(`${this.#name} closed the connection`)
      this.#framer.push(value as Uint8Array)
    }
    const { bytes, start, end } = this.#framer
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    const message = {
      type: frame.toString('latin1', 0, 3),
      chunk: frame.toString('latin1', 3, 4),
      body: Buffer.from(frame.subarray(HEADER_BYTES)),
    }
    if (message.type !== 'ERR') return message
    const reader = new UaReader(message.body)
    const status = reader.uint32('error')
    throw this.#refused(`refused the connection${reasonText(reader)}`, status)
  }

  #nextChunk(): Promise<IteratorResult<unknown>> {
    const signal = this.#signal
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#chunks
        .next()
        .then(resolve, (error: Error) =>
          reject(new NotConnectedError(`${this.#name}: ${error.message}`, { cause: error })),
        )
        .finally(() => signal.removeEventListener('abort', onAbort))
    })
  }

  #refused(what: string, status: number): GatewayError {
    const named = REFUSALS[status] ?? statusName(status)
    return new GatewayError('ACCESS_REFUSED', `the server at ${this.#name} ${what}: ${named}`, {
      details: { status },
    })
  }
}

/** Type, chunk and size; what does not begin so is no OPC UA. */
function measure(bytes: Uint8Array, start: number): number {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset + start, HEADER_BYTES)
  if (!/^(ACK|ERR|OPN|MSG)[FCA]$/.test(head.toString('latin1', 0, 4))) throw violation('this is no OPC UA server')
  const size = head.readUInt32LE(4)
  if (size < HEADER_BYTES || size > CHUNK_BYTES) throw violation(`a message of ${size} bytes is none`)
  return size
}

/** OPC 10000-6, 6.7.2: channel; then the policy with two certificates, or the token; then two numbers. */
function payloadStart({ type, body }: Message): number {
  const SEQUENCE_BYTES = 8
  if (type === 'MSG') return 8 + SEQUENCE_BYTES
  let at = 4
  for (let field = 0; field < 3; field++) {
    if (at + 4 > body.length) throw violation('the header of the channel is cut')
    at += 4 + Math.max(0, body.readInt32LE(at))
  }
  return at + SEQUENCE_BYTES
}

function reasonText(reader: UaReader): string {
  try {
    const text = reader.string('reason')
    return text === '' ? '' : ` (${text.slice(0, 200)})`
  } catch {
    return ''
  }
}
