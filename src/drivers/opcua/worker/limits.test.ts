/** What a server bears in one request: as it says, and less when it refuses that. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMIT_NODES, Limits } from './limits.ts'
import { inChunks } from './reading.ts'
import { ServiceError } from './transaction.ts'

/** Values of LIMIT_NODES where these nodes have one. */
const values = (given: Record<number, unknown>) => LIMIT_NODES.map((node) => given[node])

test('what the server says is obeyed; nothing, 0 and nonsense are no limit', () => {
  const limits = new Limits({ maxNodesPerRequest: 1000 })
  assert.equal(limits.of('read'), 1000)
  limits.take(values({ 11705: 100, 11707: 0, 11709: -5, 11711: 'many', 11712: 1.5, 11714: 5000 }))
  assert.deepEqual(
    (['read', 'write', 'call', 'register', 'translate', 'monitor'] as const).map((name) => limits.of(name)),
    [100, 1000, 1000, 1000, 1000, 1000],
  )
  assert.equal(limits.count('subscriptions'), Infinity)
  limits.take(values({ 24096: 50, 24098: 10, 24104: 2000 }))
  assert.deepEqual([limits.count('subscriptions'), limits.count('itemsOfSubscription')], [10, 2000])
})

test('a request that is refused as too large is halved down to one, and no further', async () => {
  const limits = new Limits({ maxNodesPerRequest: 1000 })
  const sent: number[] = []
  const results = await inChunks(limits, 'read', Array.from({ length: 10 }, (_, at) => at), async (chunk) => {
    sent.push(chunk.length)
    if (chunk.length > 2) throw new ServiceError(0x80100000, 'BadTooManyOperations', 'too many')
    return chunk.map((at) => at * 10)
  }) // prettier-ignore
  assert.deepEqual(results, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90])
  assert.deepEqual(sent, [10, 5, 2, 2, 2, 2, 2])
  assert.equal(limits.of('read'), 2)
  const refuse = async () => Promise.reject(new ServiceError(0x80b90000, 'BadResponseTooLarge', 'too large'))
  await assert.rejects(inChunks(limits, 'read', [1, 2], refuse), /too large/)
  assert.equal(limits.of('read'), 1)
})

test('another refusal is handed on as it is, and changes no limit', async () => {
  const limits = new Limits({ maxNodesPerRequest: 10 })
  const refuse = async () => Promise.reject(new ServiceError(0x801f0000, 'BadUserAccessDenied', 'no'))
  await assert.rejects(inChunks(limits, 'read', [1, 2], refuse), { statusName: 'BadUserAccessDenied' })
  assert.equal(limits.of('read'), 10)
})

test('a server that gives fewer or more results than it was asked for: one result an item all the same', async () => {
  const limits = new Limits({ maxNodesPerRequest: 3 })
  assert.deepEqual(await inChunks(limits, 'read', [1, 2, 3, 4], async (chunk) => chunk.slice(0, 1)), [1, undefined, undefined, 4]) // prettier-ignore
  assert.deepEqual(await inChunks(limits, 'read', [1, 2], async (chunk) => [...chunk, 8, 9]), [1, 2])
  assert.deepEqual(await inChunks(limits, 'read', [1, 2], async () => []), [undefined, undefined])
  assert.deepEqual(await inChunks(limits, 'read', [], async () => assert.fail('asked')), [])
})
