/** Which nodes share a subscription, within what a server allows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NodeId } from 'node-opcua-client'
import { parseAddress } from '../address.ts'
import type { SentPoint } from '../messages.ts'
import { options as schema } from '../options.ts'
import type { Connection } from './connection.ts'
import { LIMIT_NODES, Limits } from './limits.ts'
import { planSubscriptions } from './plan.ts'

const SUBSCRIPTIONS = 24098
const ITEMS = 24104

function connectionOf(given: object = {}, limits: Record<number, number> = {}): Connection {
  const options = schema.parse({ endpoint: 'opc.tcp://plc', ...given })
  const made = new Limits(options)
  made.take(LIMIT_NODES.map((node) => limits[node]))
  return { options, limits: made, namespaces: ['', 'urn:s', 'urn:plant'], library: { NodeId } } as unknown as Connection
}

let tags = 0
function pointOf(address: string, everyMs = 1000, more: Partial<SentPoint> = {}): SentPoint {
  const parsed = parseAddress(address)
  assert.ok(parsed.kind === 'value')
  return { tag: ++tags, type: 'float64', node: parsed.node, member: parsed.member, everyMs, ...more }
}

/** Interval and how many items of each subscription. */
const shape = async (connection: Connection, points: readonly SentPoint[]) =>
  (await planSubscriptions(connection, points)).subscriptions.map(({ publishMs, items }) => [publishMs, items.length])
const many = (count: number, everyMs: number) => Array.from({ length: count }, (_, at) => pointOf(`ns=2;s=${everyMs}-${at}`, everyMs)) // prettier-ignore

test('one subscription an interval, the fastest first; one item a node, however many tags are of it', async () => {
  const points = [pointOf('ns=2;s=a', 1000), pointOf('ns=2;s=b', 100), pointOf('nsu=urn:plant;s=a :: [1]', 1000), pointOf('ns=2;s=a', 100)] // prettier-ignore
  const { subscriptions } = await planSubscriptions(connectionOf(), points)
  assert.deepEqual(subscriptions.map(({ publishMs, items }) => [publishMs, items.map(({ nodeId, wanted }) => `${nodeId.toString()} ${wanted.length}`)]), [
    [100, ['ns=2;s=b 1', 'ns=2;s=a 1']],
    [1000, ['ns=2;s=a 1', 'ns=2;s=a 1']],
  ]) // prettier-ignore
  // By its index and by its URI it is the same node and yet two of the configuration.
  assert.deepEqual(await shape(connectionOf(), [pointOf('ns=2;s=x'), pointOf('ns=2;s=x :: [0]'), pointOf('ns=2;s=x :: speed')]), [[1000, 1]]) // prettier-ignore
})

test('tags of one node with other deadbands are items of their own; only what all want is asked of the server', async () => {
  const { subscriptions } = await planSubscriptions(connectionOf(), [
    pointOf('ns=2;s=a', 1000, { deadband: 1 }),
    pointOf('ns=2;s=a', 1000, { deadband: 1 }),
    pointOf('ns=2;s=a', 1000),
    pointOf('ns=2;s=b', 1000, { deadband: 2, type: 'string' }),
    pointOf('ns=2;s=c :: [0]', 1000, { deadband: 2 }),
  ])
  const items = subscriptions[0]!.items.map(({ nodeId, wanted, filtered }) => `${nodeId.toString()} ${wanted.length} ${filtered}`) // prettier-ignore
  assert.deepEqual(items, ['ns=2;s=a 2 true', 'ns=2;s=a 1 false', 'ns=2;s=b 1 false', 'ns=2;s=c 1 false'])
  const gateway = await planSubscriptions(connectionOf({ deadband: 'gateway' }), [pointOf('ns=2;s=a', 1000, { deadband: 1 })]) // prettier-ignore
  assert.equal(gateway.subscriptions[0]!.items[0]!.filtered, false)
})

test('too many intervals for the server: the nearest ones, by ratio, share a subscription at the faster pace', async () => {
  const points = [100, 200, 1000, 1100, 60_000].flatMap((everyMs) => many(2, everyMs))
  assert.deepEqual(await shape(connectionOf({}, { [SUBSCRIPTIONS]: 4 }), points), [[100, 2], [200, 2], [1000, 4], [60_000, 2]]) // prettier-ignore
  assert.deepEqual(await shape(connectionOf({}, { [SUBSCRIPTIONS]: 2 }), points), [[100, 8], [60_000, 2]]) // prettier-ignore
  const { subscriptions } = await planSubscriptions(connectionOf({}, { [SUBSCRIPTIONS]: 1 }), points)
  assert.deepEqual(subscriptions.map(({ publishMs, items }) => [publishMs, items.length]), [[100, 10]]) // prettier-ignore
  // Each is looked at as often as its tag says.
  assert.deepEqual([...new Set(subscriptions[0]!.items.map(({ everyMs }) => everyMs))], [100, 200, 1000, 1100, 60_000])
  assert.deepEqual(subscriptions[0]!.items.map(({ handle }) => handle), Array.from({ length: 10 }, (_, at) => at)) // prettier-ignore
})

test('nobody gets more than 32 subscriptions by his intervals', async () => {
  const points = Array.from({ length: 100 }, (_, at) => pointOf(`ns=2;s=${at}`, 100 + at * 37))
  assert.equal((await shape(connectionOf(), points)).length, 32)
})

test('a subscription with more items than the server takes is cut into several', async () => {
  assert.deepEqual(await shape(connectionOf({}, { [ITEMS]: 400 }), many(1000, 500)), [[500, 400], [500, 400], [500, 200]]) // prettier-ignore
})

test('the publishing interval may be another one', async () => {
  assert.deepEqual(await shape(connectionOf({ publishEvery: '2s' }), many(3, 100)), [[2000, 3]])
})

test('a node in a namespace that the server does not have costs itself alone', async () => {
  const { subscriptions, lost } = await planSubscriptions(connectionOf(), [pointOf('nsu=urn:nobody;s=a'), pointOf('ns=2;s=b')]) // prettier-ignore
  assert.equal(subscriptions[0]!.items.length, 1)
  assert.deepEqual(lost.map(({ reason }) => reason), ['The server has no namespace urn:nobody; it has , urn:s, urn:plant.']) // prettier-ignore
})

test('nothing to subscribe to: no subscription', async () => {
  assert.deepEqual(await shape(connectionOf(), []), [])
})
