/** The same request sent again with its key: carried out once, answered twice, and told apart from others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError, GatewayError } from '../../core/errors.ts'
import { auditEvents } from '../../testing/audit-lines.ts'
import { startPlant, type Credentials, type Plant } from '../../testing/people.ts'
import { eventually } from '../../testing/peers.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { AnswersKept, KEPT } from './answers-kept.ts'

const PLACE = '/api/v1/values/press-1/set-point'

const write = (plant: Plant, who: Credentials, key: string | undefined, value: number) =>
  plant.ask(PLACE, { ...who, ...(key === undefined ? {} : { 'idempotency-key': key }) }, plant.body('PUT', { value }))

const writesOf = (plant: Plant): number =>
  auditEvents(plant.gateway.config.data).filter(({ action, outcome }) => action === 'write' && outcome === 'written')
    .length

const codeOf = async (answer: Response): Promise<[number, string]> => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
]

test('a write with the same key is carried out once and has the same answer; another key, and none, write again', async (t) => {
  const plant = await startPlant(t)
  const otto = await plant.person('anna', 'admin')
  await eventually('connected', async () => (await write(plant, otto, undefined, 1)).ok)
  const before = writesOf(plant)
  const first = await write(plant, otto, 'k-1', 3)
  assert.equal(first.status, 200)
  assert.equal(first.headers.get('idempotency-replayed'), null)
  const again = await write(plant, otto, '"k-1"', 3)
  assert.equal(again.headers.get('idempotency-replayed'), 'true')
  assert.equal(again.headers.get('content-type'), first.headers.get('content-type'))
  assert.deepEqual(await again.json(), await first.json())
  assert.equal(writesOf(plant), before + 1)
  await write(plant, otto, 'k-2', 3)
  await write(plant, otto, undefined, 3)
  assert.equal(writesOf(plant), before + 3)
})

test('another body, another address or method with the same key is 422, and nothing is done', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  await eventually('connected', async () => (await write(plant, anna, undefined, 1)).ok)
  await write(plant, anna, 'k', 3)
  const before = writesOf(plant)
  assert.deepEqual(await codeOf(await write(plant, anna, 'k', 4)), [422, 'KEY_REUSED'])
  const other = plant.ask('/api/v1/values/press-2/set-point', { ...anna, 'idempotency-key': 'k' }, plant.body('PUT', { value: 3 })) // prettier-ignore
  assert.deepEqual(await codeOf(await other), [422, 'KEY_REUSED'])
  assert.equal(writesOf(plant), before)
})

test('keys belong to whoever sent them: others have their own', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const otto = await plant.person('otto', 'operator')
  await eventually('connected', async () => (await write(plant, anna, undefined, 1)).ok)
  const tokens = [
    await plant.token('ci', { permissions: ['write'] }),
    await plant.token('cd', { permissions: ['write'] }),
  ]
  for (const who of [anna, otto, ...tokens]) {
    const answer = await write(plant, who, 'shared', 3)
    assert.deepEqual([answer.status, answer.headers.get('idempotency-replayed')], [200, null])
  }
})

test('what was refused before anything was done may be tried again with the same key', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  await eventually('connected', async () => (await write(plant, anna, undefined, 1)).ok)
  const ask = (body: object) => plant.ask(PLACE, { ...anna, 'idempotency-key': 'k' }, plant.body('PUT', body))
  assert.deepEqual(await codeOf(await ask({ nothing: 1 })), [400, 'INVALID_REQUEST'])
  assert.equal((await ask({ value: 2 })).status, 200)
})

test('a key that is none is refused; where a key makes no sense it is passed over', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  for (const key of ['', 'a b', 'x'.repeat(256), 'ü', 'a"b'])
    assert.deepEqual(await codeOf(await write(plant, anna, key, 1)), [400, 'INVALID_REQUEST'], key)
  const get = await plant.ask('/api/v1/values', { ...anna, 'idempotency-key': 'k' })
  assert.deepEqual([get.status, get.headers.get('idempotency-replayed')], [200, null])
  // Its answer is a secret that is shown once.
  const body = { name: 'ci', grants: [{ permissions: ['view'] }], expiresAt: null }
  const make = async () => {
    const answer = await plant.ask('/api/v1/tokens', { ...anna, 'idempotency-key': 't' }, plant.body('POST', body))
    return ((await answer.json()) as { token: string }).token
  }
  assert.notEqual(await make(), await make())
})

const codeThrown = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as GatewayError).code
  }
  return 'nothing'
}

test('a key in flight is 409; answers are forgotten after a day, and where there are too many the oldest first', async () => {
  const clock = new VirtualClock()
  const kept = new AnswersKept(clock, { answers: 3, bytes: 1000 })
  const answer = (body: string) => ({ status: 200, headers: {}, body })
  assert.equal(kept.begin('a', '1'), undefined)
  assert.equal(
    codeThrown(() => kept.begin('a', '1')),
    'KEY_IN_USE',
  )
  assert.equal(
    codeThrown(() => kept.begin('a', '2')),
    'KEY_REUSED',
  )
  kept.end('a', answer('A'))
  assert.equal(kept.begin('a', '1')?.body, 'A')
  kept.begin('b', '1')
  kept.begin('c', '1')
  kept.begin('d', '1')
  assert.equal(kept.size, 3)
  // All three are in flight: nothing can make room.
  assert.throws(() => kept.begin('e', '1'), BusyError)
  kept.forget('b')
  assert.equal(kept.begin('b', '2'), undefined)
  for (const name of ['b', 'c', 'd']) kept.end(name, answer('x'.repeat(400)))
  assert.equal(kept.size, 2, 'bytes are bounded')
  await clock.advance(KEPT.ageMs - 1)
  assert.notEqual(kept.begin('b', '2'), undefined)
  await clock.advance(1)
  assert.equal(kept.begin('b', '2'), undefined)
  // One that never ended is given up.
  await clock.advance(KEPT.inFlightMs)
  assert.equal(kept.begin('b', '3'), undefined)
})
