/**
 * Keeps Publish requests of one session with the server, acknowledges what came, and hands every answer on in order (OPC 10000-4,
 * 5.14.5). No answer of a server stops it but the end of the session: a publish loop that ends in silence is the worst fault
 * that clients of this protocol have.
 */
import type { PublishResponse } from 'node-opcua-client'
import type { UaSession } from './session.ts'
import { endsSession, NoAnswerError, ServiceError } from './transaction.ts'

export interface PublisherSetup {
  readonly session: UaSession
  /** How long an answer may take when the server has nothing to tell. */
  readonly patienceMs: () => number
  readonly deliver: (response: PublishResponse) => Promise<void> | void
  /** The session is no more. */
  readonly lost: (error: unknown) => void
  readonly tell: (sentence: string) => void
}

interface Acknowledgement {
  readonly subscriptionId: number
  readonly sequenceNumber: number
}

/** After an answer that says nothing useful, so that a server that answers at once is not asked without end. */
const PAUSE_MS = 500
const MOST_ACKNOWLEDGEMENTS = 1000

export class Publisher {
  readonly #setup: PublisherSetup
  #acknowledgements: Acknowledgement[] = []
  #wanted = 0
  /** What the server bears: lowered when it says that there are too many. */
  #most = Infinity
  #waiting = 0
  #paused = false
  #timer: NodeJS.Timeout | undefined
  #open = true
  /** Answers are handed on one after the other. */
  #turn: Promise<void> | undefined

  constructor(setup: PublisherSetup) {
    this.#setup = setup
  }

  /** How many requests shall be with the server: none while there is no subscription. */
  keep(requests: number): void {
    this.#wanted = requests
    this.#paused = false
    this.#fill()
  }

  get waiting(): number {
    return this.#waiting
  }

  acknowledge(subscriptionId: number, sequenceNumber: number): void {
    if (this.#acknowledgements.length < MOST_ACKNOWLEDGEMENTS)
      this.#acknowledgements.push({ subscriptionId, sequenceNumber })
  }

  stop(): void {
    this.#open = false
    clearTimeout(this.#timer)
  }

  #fill(): void {
    while (this.#open && !this.#paused && this.#waiting < Math.min(this.#wanted, this.#most)) void this.#publish()
  }

  async #publish(): Promise<void> {
    const { session, patienceMs } = this.#setup
    const { PublishRequest } = session.library
    const subscriptionAcknowledgements = this.#acknowledgements
    this.#acknowledgements = []
    this.#waiting++
    try {
      const response = await session.request<PublishResponse>(
        new PublishRequest({ subscriptionAcknowledgements }),
        patienceMs() * (this.#waiting + 1),
      )
      this.#waiting--
      // Asked again before what came is looked at: a slow reader must not slow the server.
      this.#fill()
      await this.#hand(response)
    } catch (error) {
      this.#waiting--
      this.#failed(error)
    }
  }

  /** In the order of arrival, and at once where nothing waits. */
  #hand(response: PublishResponse): Promise<void> | void {
    if (!this.#open) return
    if (this.#turn === undefined) {
      const work = this.#setup.deliver(response)
      if (work === undefined) return
      return this.#queue(work)
    }
    return this.#queue(this.#turn.then(() => (this.#open ? this.#setup.deliver(response) : undefined)))
  }

  #queue(work: Promise<void>): Promise<void> {
    const turn: Promise<void> = work.finally(() => {
      if (this.#turn === turn) this.#turn = undefined
    })
    this.#turn = turn
    return turn
  }

  #failed(error: unknown): void {
    if (!this.#open) return
    if (endsSession(error)) {
      this.stop()
      return this.#setup.lost(error)
    }
    if (error instanceof NoAnswerError) return this.#fill()
    if (error instanceof ServiceError && error.statusName === 'BadTooManyPublishRequests') {
      this.#most = Math.max(1, this.#waiting)
      if (this.#waiting > 0) return
    } else if (error instanceof ServiceError && error.statusName === 'BadNoSubscription') {
      // Whoever makes the next one calls `keep`; but this may have been about the last one, and come late.
      if (this.#waiting > 0) return
    } else {
      this.#setup.tell(`a publish failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#paused = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#paused = false
      this.#fill()
    }, PAUSE_MS)
  }
}
