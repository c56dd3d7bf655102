/**
 * Writes that others ask for by MQTT: what comes by a command topic is checked, carried out by the way of all writes, and answered.
 * What has expired, was retained, or came before is not carried out. The answer says what became of it.
 */
import { createHash } from 'node:crypto'
import { correlationOf, type Correlation } from '../../core/correlation.ts'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { SinkContext } from '../../core/sink.ts'
import type { TagInfo } from '../../core/tags.ts'
import { toJsonValue, type Value } from '../../core/value.ts'
import { CommandQueue, MOST_WAITING } from '../mqtt-client/command-queue.ts'
import type { Connection, MessageProperties } from '../mqtt-client/connection.ts'
import { reasonText } from '../mqtt-client/reasons.ts'
import { CommandMemory } from './command-memory.ts'
import { idOf, parseCommand, type CommandPayload } from './command-payload.ts'
import { CommandTopics, matches } from './command-topics.ts'

const REFUSED = 0x80
/** Different complaints that are logged; a sender of nonsense must not fill the log. */
const MOST_COMPLAINTS = 100

/** Answers that wait until the broker has taken those before; further ones are not given. */
const MOST_ANSWERS = 200
/** A command is never good for longer, whatever its sender says. */
const MOST_AGE_MS = 3_600_000

/** What is answered, without the id. */
type Answer = Readonly<Record<string, unknown>>

interface Sender {
  /** The topic that it asked for. */
  readonly asked: string | undefined
  readonly reply: string | undefined
  readonly correlationData: Uint8Array | undefined
}

/** When its turn has come. */
interface Taken {
  /** ms that it is still good for; 0: none. */
  readonly leftMs: number
  readonly correlation: Correlation
}

export class Commands {
  readonly #context: SinkContext
  readonly #topics: CommandTopics
  readonly #maxAgeMs: number
  readonly #topicFault: (topic: string) => string | undefined
  readonly #queue: CommandQueue
  readonly #memory: CommandMemory<Answer>
  readonly #complaints = new Set<string>()
  #filters: readonly string[] = []
  #state = 'not subscribed'
  #connection: Connection | undefined
  #isClosed = false
  /** Answers leave one by one. */
  #answers: Promise<void> = Promise.resolve()
  #unanswered = 0
  #repeats = 0

  /** `topicFault`: why the broker would not take a topic. */
  constructor(
    context: SinkContext,
    topics: CommandTopics,
    maxAgeMs: number,
    topicFault: (topic: string) => string | undefined = () => undefined,
  ) {
    this.#context = context
    this.#topics = topics
    this.#maxAgeMs = maxAgeMs
    this.#topicFault = topicFault
    this.#queue = new CommandQueue(context.clock)
    this.#memory = new CommandMemory(context.clock)
  }

  /** For people: what is subscribed to, or why it is not. */
  get state(): string {
    return this.#state
  }

  /** A broker that refuses this gets samples all the same. */
  async subscribe(connection: Connection, signal: AbortSignal): Promise<void> {
    this.#connection = connection
    this.#filters = this.#topics.filters()
    if (this.#filters.length === 0) return
    connection.onMessage = (topic, payload, retained, properties) => this.#receive(topic, payload, retained, properties)
    const codes = await connection.subscribe(this.#filters, signal)
    const refused = codes.findIndex((code) => code >= REFUSED)
    this.#state = `on ${this.#filters.join(', ')}`
    if (refused === -1) return
    const filter = this.#filters[refused]!
    this.#state = `the broker refused the subscription to "${filter}": ${reasonText(codes[refused]!)}`
    this.#complain(filter, `no commands: ${this.#state}`)
  }

  /** What still waits is not carried out. */
  close(): void {
    this.#isClosed = true
  }

  #receive(topic: string, payload: Uint8Array, retained: boolean, properties: MessageProperties): void {
    // A broker would give it to us again at every connection.
    if (retained) return this.#complain(topic, 'a retained command is not carried out; publish commands without retain')
    const found = this.#topics.find(topic)
    const asked = this.#replyTopic(properties.responseTopic)
    const reply = asked ?? this.#topics.replyOf(topic, found)
    const sender: Sender = { asked, reply, correlationData: properties.correlationData }
    try {
      if (found === undefined) throw new GatewayError('NOT_FOUND', `no tag has the command topic "${topic}"`)
      this.#take(topic, found, parseCommand(payload), properties, sender)
    } catch (error) {
      this.#complain(topic, messageOf(error))
      this.#answer(sender, idOf(payload), this.#failure(error))
    }
  }

  #take(topic: string, info: TagInfo, command: CommandPayload, properties: MessageProperties, sender: Sender): void {
    const { id } = command
    const key = keyOf(topic, command, sender)
    const value = hashOf(command.value)
    const earlier = key === undefined ? undefined : this.#memory.find(key)
    if (earlier?.value === value) return this.#repeat(earlier.outcome, sender, id)
    // Correlation data alone is a sender's private matter: it may begin anew with each start, and then is another command.
    if (earlier !== undefined && id !== undefined)
      throw new GatewayError(
        'INVALID_REQUEST',
        `the id ${JSON.stringify(id)} was that of another command: give each its own`,
      )
    const goodForMs = this.#goodFor(command, properties.messageExpiryInterval)
    if (goodForMs <= 0) throw expired(`it was good until ${Math.ceil(-goodForMs)} ms before it came`)
    if (this.#queue.isFull) throw new GatewayError('BUSY', `${MOST_WAITING} commands wait already`)
    // A property that comes twice says nothing.
    const correlation = correlationOf(properties.userProperties?.traceparent)
    const outcome = this.#queue.add(goodForMs, (leftMs) =>
      this.#carryOut(topic, info, command, { leftMs, correlation }),
    )
    if (key !== undefined) this.#memory.keep(key, { value, outcome })
    void outcome.then((said) => this.#answer(sender, id, said))
  }

  /** Answered as the first one; more of them than answers may wait are not. */
  #repeat(outcome: Promise<Answer>, sender: Sender, id: string | number | undefined): void {
    if (this.#repeats >= MOST_ANSWERS) return
    this.#repeats++
    void outcome.then((answer) => {
      this.#repeats--
      this.#answer(sender, id, answer)
    })
  }

  /** ms from now; the earliest bound counts. Without any it is good for `maxAge` from its arrival, and a `t` that lies ahead is now. */
  #goodFor({ t, expiresAt }: CommandPayload, expiryInterval: number | undefined): number {
    const now = this.#context.clock.now()
    const bounds = [
      ...(expiryInterval === undefined ? [] : [expiryInterval * 1000]),
      ...(expiresAt === undefined ? [] : [expiresAt - now]),
      ...(t === undefined ? [] : [Math.min(t, now) + this.#maxAgeMs - now]),
    ]
    return bounds.length === 0 ? this.#maxAgeMs : Math.min(MOST_AGE_MS, ...bounds)
  }

  /** Never rejects: whatever happens is an answer. */
  async #carryOut(
    topic: string,
    info: TagInfo,
    command: CommandPayload,
    { leftMs, correlation }: Taken,
  ): Promise<Answer> {
    const { name, command: write } = this.#context
    const { value, user, reason } = command
    const { device } = info
    const tag = info.settings.name
    try {
      if (this.#isClosed) throw new GatewayError('SHUTTING_DOWN', 'the sink was stopped: nothing was sent')
      if (leftMs === 0) throw expired('it waited too long for its turn')
      // Who sent it is what the payload says, and no broker vouches for that.
      const who = user === undefined ? 'mqtt' : `mqtt: ${user}`
      const asked = { device, tag, value, user: who, from: `${name} ${topic}`, reason, deadlineMs: leftMs, correlation }
      const { status, readBack } = await write(asked)
      return { ok: true, status, readBack: toJsonValue(readBack), t: this.#context.clock.now() }
    } catch (error) {
      this.#complain(topic, `a command was not carried out: ${messageOf(error)}`)
      return this.#failure(error)
    }
  }

  #failure(error: unknown): Answer {
    const isKnown = error instanceof GatewayError
    const { status, readBack } = isKnown ? error.details : {}
    return {
      ok: false,
      code: isKnown ? error.code : 'INTERNAL',
      error: messageOf(error),
      ...(status === undefined ? {} : { status }),
      ...(readBack === undefined ? {} : { readBack: toJsonValue(readBack as Value) }),
      t: this.#context.clock.now(),
    }
  }

  /** The sender's own, unless it cannot be one, or would come back to us as a command. */
  #replyTopic(topic: string | undefined): string | undefined {
    if (topic === undefined || topic === '' || /^\$|[+#\0]/.test(topic)) return undefined
    if (this.#topicFault(topic) !== undefined) return undefined
    return this.#filters.some((filter) => matches(filter, topic)) ? undefined : topic
  }

  #answer({ reply, correlationData }: Sender, id: string | number | undefined, answer: Answer): void {
    const connection = this.#connection
    if (reply === undefined || connection === undefined) return
    if (this.#unanswered >= MOST_ANSWERS)
      return this.#complain(
        '',
        `commands come faster than their answers go: beyond ${MOST_ANSWERS} that wait none is given`,
      )
    this.#unanswered++
    const text = JSON.stringify(id === undefined ? answer : { id, ...answer })
    this.#answers = this.#answers.then(async () => {
      try {
        const code = await connection.answer(reply, text, correlationData)
        if (code !== 0) this.#complain(reply, `the broker does not take the answer to a command: ${reasonText(code)}`)
      } catch (error) {
        this.#complain(reply, `a command was not answered: ${messageOf(error)}`)
      } finally {
        this.#unanswered--
      }
    })
  }

  /** Each complaint once. */
  #complain(topic: string, sentence: string): void {
    const key = `${topic} ${sentence}`
    if (this.#complaints.has(key) || this.#complaints.size >= MOST_COMPLAINTS) return
    this.#complaints.add(key)
    this.#context.log.warn({ topic }, sentence)
  }
}

/** What makes a command the same as one before, beside its value; undefined: it has no name. Short, whatever its sender made up. */
function keyOf(topic: string, { id }: CommandPayload, { asked, correlationData }: Sender): string | undefined {
  if (id !== undefined) return hashOf([topic, id])
  if (correlationData === undefined) return undefined
  return hashOf([topic, asked ?? null, Buffer.from(correlationData).toString('hex')])
}

const hashOf = (what: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(what) ?? '')
    .digest('base64')

const expired = (why: string) => new GatewayError('WRITE_EXPIRED', `the command has expired: ${why}; nothing was sent`)
