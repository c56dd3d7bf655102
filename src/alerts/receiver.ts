/** The contract of a receiver of alerts: a way to tell people. No queue and no retry in a receiver: the outbox does it. */
import type { output, ZodObject } from 'zod'
import type { Clock } from '../core/clock.ts'
import type { Context } from '../core/driver.ts'
import type { Log } from '../core/log.ts'
import type { Message, Sender } from './message.ts'

export interface ReceiverContext {
  /** The receiver's name. */
  readonly name: string
  readonly log: Log
  readonly clock: Clock
  readonly dial: Context['dial']
  readonly sender: Sender
}

export interface Receiver {
  /** Where it sends to, for people; nothing secret. */
  readonly where: string
  /**
   * Resolves when the far side has it. Rejects with SINK_REJECTED where it will never take this message, and with anything else
   * where it may later.
   */
  send(message: Message, signal: AbortSignal): Promise<void>
  close(): void
}

export interface ReceiverType<Options extends ZodObject = ZodObject> {
  readonly name: string
  readonly summary: string
  readonly options: Options
  create(options: output<Options>, context: ReceiverContext): Receiver
}

/** Gives a kind of receiver its inferred types; has no effect of its own. */
export const defineReceiver = <Options extends ZodObject>(type: ReceiverType<Options>): ReceiverType<Options> => type
