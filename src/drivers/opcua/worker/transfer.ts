/** A new session takes the subscriptions of a lost one over, with what they hold (TransferSubscriptions, OPC 10000-4, 5.14.7). */
import type { TransferSubscriptionsResponse } from 'node-opcua-client'
import { messageOf } from '../../../core/errors.ts'
import type { Connection } from './connection.ts'
import type { Subscription } from './subscription.ts'
import { endsSession, NoAnswerError } from './transaction.ts'

/** True when all of them are ours. Throws when the session has ended. */
export async function transferSubscriptions(
  connection: Connection,
  subscriptions: readonly Subscription[],
  tell: (level: 'info', sentence: string) => void,
): Promise<boolean> {
  const { TransferSubscriptionsRequest } = connection.library
  const subscriptionIds = subscriptions.map(({ id }) => id)
  try {
    const request = new TransferSubscriptionsRequest({ subscriptionIds, sendInitialValues: true })
    const { results } = await connection.session.request<TransferSubscriptionsResponse>(request)
    if (subscriptionIds.every((_, at) => results?.[at]?.statusCode.value === 0)) return true
    tell('info', 'the server did not hand the subscriptions over to the new session; they are made anew')
    // Those that it did hand over would be nobody's.
    await Promise.allSettled(subscriptions.map((subscription) => subscription.delete()))
  } catch (error) {
    if (endsSession(error) || error instanceof NoAnswerError) throw error
    tell('info', `the server hands no subscriptions over (${messageOf(error)}); they are made anew`)
  }
  return false
}
