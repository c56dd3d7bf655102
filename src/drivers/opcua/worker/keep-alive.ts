/**
 * A look at the server's state now and then (OPC 10000-5, 12.6): it keeps a session alive that has nothing else to ask, finds a
 * connection that is dead without having been closed, and a server that says itself that it does not run.
 */
import type { DataValue } from 'node-opcua-client'
import type { Connection } from './connection.ts'
import { Attribute, readAttributes } from './reading.ts'
import { endsSession, NoAnswerError } from './transaction.ts'

export interface KeepAliveSetup {
  readonly connection: Connection
  /** The server did not answer time after time, or ended the session. */
  readonly lost: (error: unknown) => void
}

const SERVER_STATE = 2259
const RUNNING = 0
/** ServerState by its numbers (OPC 10000-5, 12.6). */
const STATES = [
  'Running',
  'Failed',
  'NoConfiguration',
  'Suspended',
  'Shutdown',
  'Test',
  'CommunicationFault',
  'Unknown',
]
/** Answers that may be missing in a row. */
const MISSING = 2
const LONGEST_MS = 15_000
const SHORTEST_MS = 100

export class KeepAlive {
  readonly #setup: KeepAliveSetup
  #timer: NodeJS.Timeout | undefined
  #missing = 0
  #busy = false
  #state = RUNNING

  constructor(setup: KeepAliveSetup) {
    this.#setup = setup
  }

  start(): void {
    this.stop()
    this.#missing = 0
    this.#state = RUNNING
    // As the server revised it: less than what was asked for.
    const { session } = this.#setup.connection.session
    this.#timer = setInterval(() => void this.#look(), Math.min(LONGEST_MS, Math.max(SHORTEST_MS, session.timeout / 3)))
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** What the server says that is wrong with itself. */
  get trouble(): string | undefined {
    if (this.#state === RUNNING) return undefined
    return `The server says that it is in state ${STATES[this.#state] ?? this.#state}: its values may not be those of the plant.`
  }

  async #look(): Promise<void> {
    const { connection, lost } = this.#setup
    if (this.#busy || !connection.isOpen) return
    this.#busy = true
    try {
      this.#state = stateOf(await readState(connection))
      this.#missing = 0
    } catch (error) {
      if (endsSession(error)) lost(error)
      // A refusal is an answer.
      else if (!(error instanceof NoAnswerError)) this.#missing = 0
      else if (++this.#missing >= MISSING) lost(error)
    } finally {
      this.#busy = false
    }
  }
}

/** A server that does not say is taken to run. */
function stateOf(data: DataValue | undefined): number {
  const value = data?.value?.value as unknown
  return data?.statusCode.value === 0 && typeof value === 'number' ? value : RUNNING
}

async function readState({ session, limits, library }: Connection): Promise<DataValue | undefined> {
  const nodes = [{ nodeId: new library.NodeId(1, SERVER_STATE, 0), attributeId: Attribute.Value }]
  return (await readAttributes(session, limits, nodes))[0]
}

/** Whether the server answers at all, be it with a refusal. Throws when the session has ended. */
export async function doesAnswer(connection: Connection): Promise<boolean> {
  try {
    await readState(connection)
  } catch (error) {
    if (endsSession(error)) throw error
    return !(error instanceof NoAnswerError)
  }
  return true
}
