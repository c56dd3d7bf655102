/** Faults in any order: afterwards data flows, in order, and nothing is left behind at the server. `ROUNDS` and `SEED` may be given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultyServer } from '../src/testing/opcua-faulty-server.ts'
import { startOpcuaRig, type SeenRow } from '../src/testing/opcua-rig.ts'
import { eventually } from '../src/testing/peers.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 12)
const SEED = Number(process.env.SEED ?? 1)
const P = 'nsu=urn:bifrost:test:plant;s='
const isGood = ({ status, value }: SeenRow) => status === 0 && value !== undefined

/** mulberry32: the same faults again for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const SERVICES = ['Publish', 'Read', 'Republish', 'CreateSubscription', 'CreateMonitoredItems', 'DeleteSubscriptions', 'TransferSubscriptions', 'ActivateSession', 'CreateSession', 'CloseSession', 'GetEndpoints'] // prettier-ignore
const STATUSES = ['BadInternalError', 'BadSessionIdInvalid', 'BadSubscriptionIdInvalid', 'BadTooManyPublishRequests', 'BadTooManyOperations', 'BadUserAccessDenied', 'BadNoSubscription', 'BadTimeout', 'BadServiceUnsupported'] // prettier-ignore

test(`${ROUNDS} rounds of faults, seed ${SEED}`, { timeout: 3_600_000 }, async (t) => {
  const server = await startFaultyServer(t, { counters: 2, intervalMs: 100 })
  const tags = [
    { name: 'c0', address: `${P}Counters/0`, everyMs: 0 },
    { name: 'c1', address: `${P}Counters/1`, everyMs: 150 },
    { name: 'still', address: `${P}Scalars/Double`, everyMs: 150 },
  ]
  const options = {
    liveness: { canary: '500ms', keepAlive: '300ms' },
    requestTimeout: '500ms',
    connectTimeout: '1s',
    sessionTimeout: '10s',
    publishEvery: '50ms',
    queueSize: 1000,
  }
  const rig = await startOpcuaRig(t, server.url, tags, options)
  const next = random(SEED)
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!
  const faults: Record<string, () => Promise<unknown>> = {
    drop: () => server.ask('drop'),
    sessions: () => server.ask('forget', { what: 'sessions' }),
    subscriptions: () => server.ask('forget', { what: 'subscriptions' }),
    restart: () => server.ask('restart', { downMs: next(1500) }),
    gap: () => server.ask('publishing', { gap: 1 + next(3), forget: next(2) === 0 }),
    mode: () => server.ask('publishing', { mode: pick(['silent', 'frozen', 'lossy', 'stale']) }),
    refuse: () => server.ask('fault', { service: pick(SERVICES), status: pick(STATUSES), times: 1 + next(4) }),
    silent: () => server.ask('fault', { service: pick(SERVICES), silent: true, times: 1 + next(4) }),
    late: () => server.ask('fault', { service: pick(SERVICES), delayMs: next(1200), times: 1 + next(8) }),
    close: () => server.ask('fault', { service: pick(SERVICES), close: true, times: 1 + next(3) }),
    freeze: () => server.ask('freeze', { ms: next(2500) }),
    hold: async () => {
      rig.gateway.polling.hold('held')
      if (next(2) === 0) await sleep(next(300))
      rig.gateway.polling.hold(undefined)
    },
  }
  const said: string[] = []
  let slowest = 0
  for (let round = 0; round < ROUNDS; round++) {
    const chosen = Array.from({ length: 1 + next(4) }, () => pick(Object.keys(faults)))
    said.push(chosen.join(' '))
    for (const name of chosen) {
      await faults[name]!()
      if (next(2) === 0) await sleep(next(1500))
    }
    await server.ask('clear')
    await server.ask('publishing', { mode: 'on', gap: 0 })
    const began = performance.now()
    rig.forget()
    const last = () => tags.map(({ name }) => rig.gateway.store.latest.get(rig.gateway.store.tags.find('ua', name)!.id))
    await eventually(
      () =>
        `round ${round} (${said.at(-1)}): data flows; ${rig.device.state} ${rig.device.reason} ${JSON.stringify(rig.device.liveness())}`,
      () => rig.rows('c0').filter(isGood).length > 3 && rig.rows('c1').some(isGood) && last().every(({ status }) => status === 0), // prettier-ignore
      15_000,
    )
    slowest = Math.max(slowest, performance.now() - began)
    const { sessions } = await server.ask<{ sessions: number }>('sessions')
    if (process.env.TALK) console.log(round, said.at(-1), Math.round(performance.now() - began), sessions)
  }
  t.diagnostic(`slowest: data after ${Math.round(slowest)} ms`)
  rig.forget()
  await sleep(11_000)
  const { sessions, subscriptions } = await server.ask<{ sessions: number; subscriptions: number }>('sessions')
  assert.deepEqual({ sessions, subscriptions }, { sessions: 1, subscriptions: 2 })
  const counts = rig.rows('c0').filter(isGood).map(({ value }) => Math.floor((value as number) / 100_000)) // prettier-ignore
  assert.deepEqual(counts.flatMap((count, at) => (at > 0 && count !== counts[at - 1]! + 1 ? [`${counts[at - 1]}→${count}`] : [])), []) // prettier-ignore
})
