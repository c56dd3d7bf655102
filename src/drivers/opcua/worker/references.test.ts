/** Browsing a server that node-opcua makes: many nodes, few continuation points, and answers that are wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFaultyServer } from '../../../testing/opcua-faulty-server.ts'
import { eventually } from '../../../testing/peers.ts'
import { openTools } from '../../../testing/opcua-tool-rig.ts'
import type { BrowsedNode } from '../browsed.ts'

interface Browsed {
  readonly nodes: readonly BrowsedNode[]
  readonly cut: boolean
  readonly problems: readonly string[]
}

test('20,000 nodes in a few seconds: all of them, each once, with a turn for others in between', async (t) => {
  const server = await startFaultyServer(t, { policies: ['None'], wide: { folders: 2, each: 10_000 } })
  const rig = await openTools(t, server.url)
  const started = performance.now()
  const { nodes, cut, problems } = await rig.run<Browsed>('browse', { node: '/2:Plant', depth: 5, most: 50_000 })
  const seconds = (performance.now() - started) / 1000
  const sensors = nodes.filter(({ node }) => node.startsWith('nsu=urn:bifrost:test:plant;s=Wide/'))
  assert.deepEqual([sensors.length, cut, problems], [20_002, false, []])
  assert.equal(new Set(nodes.map(({ node }) => node)).size, nodes.length)
  assert.ok(rig.turns > 40, `${rig.turns} turns`)
  t.diagnostic(`20,000 nodes with their types: ${seconds.toFixed(1)} s in ${rig.turns} parts`)
  const search = performance.now()
  const found = await rig.run<{ nodes: readonly unknown[] }>('search', { pattern: '/^Sensor9999$/' })
  assert.equal(found.nodes.length, 2)
  t.diagnostic(`searched in ${((performance.now() - search) / 1000).toFixed(1)} s`)
  assert.deepEqual(await server.ask('heldBack'), { count: 0 })
})

test('a server with room for two half-told answers is asked until all is told; what is not wanted is given back', async (t) => {
  const server = await startFaultyServer(t, {
    policies: ['None'],
    wide: { folders: 6, each: 2500 },
    maxBrowseContinuationPoints: 2,
  })
  const rig = await openTools(t, server.url)
  const held = async () => (await server.ask<{ count: number }>('heldBack')).count
  const { nodes, problems } = await rig.run<Browsed>('browse', { node: '/2:Plant', depth: 2, most: 50_000 })
  assert.deepEqual(problems, [])
  assert.equal(nodes.filter(({ level }) => level === 2).length, 15_000)
  assert.equal(await held(), 0)
  const few = await rig.run<Browsed>('browse', { node: '/2:Plant', depth: 2, most: 1100 })
  assert.deepEqual([few.nodes.length, few.cut], [1100, true])
  assert.equal(await held(), 0)
})

test('a browse that is given up leaves nothing behind at the server', async (t) => {
  const server = await startFaultyServer(t, { policies: ['None'], wide: { folders: 1, each: 5000 } })
  const rig = await openTools(t, server.url)
  await server.ask('fault', { service: 'BrowseNext', delayMs: 300 })
  const controller = new AbortController()
  const device = rig.driver as unknown as { ask<T>(name: string, args: object, signal: AbortSignal): Promise<T> }
  const request = { start: '/2:Plant/Wide0', depth: 1, most: 50_000, withServer: false }
  const { walk } = await device.ask<{ walk: number }>('openWalk', request, controller.signal)
  const next = device.ask('nextOfWalk', { walk }, controller.signal)
  await eventually('the server holds an answer back', async () => {
    return (await server.ask<{ count: number }>('heldBack')).count === 1
  })
  controller.abort(new Error('given up'))
  await assert.rejects(next, /given up/)
  await eventually('it is given back', async () => {
    return (await server.ask<{ count: number }>('heldBack')).count === 0
  })
})

test('answers that are wrong cost what they are about, and nothing else', async (t) => {
  const server = await startFaultyServer(t, { policies: ['None'], wide: { folders: 1, each: 20 } })
  const rig = await openTools(t, server.url)
  const browse = () => rig.run<Browsed>('browse', { node: '/2:Plant', depth: 2, most: 50_000 })
  const whole = (await browse()).nodes.length
  const during = async <T>(rule: object, work: () => Promise<T>): Promise<T> => {
    await server.ask('fault', rule)
    try {
      return await work()
    } finally {
      await server.ask('clear')
    }
  }
  // Fewer results than nodes: those without a result are said to be so.
  const fewer = await during({ service: 'Browse', fewer: 1, times: 12 }, browse).catch((error: Error) => error)
  assert.ok(fewer instanceof Error ? /Browse/.test(fewer.message) : fewer.nodes.length < whole)
  const more = await during({ service: 'Browse', more: 3 }, browse)
  assert.equal(more.nodes.length, whole)
  const refused = await during({ service: 'Browse', status: 'BadServiceUnsupported' }, () =>
    browse().then(() => '', String),
  )
  assert.match(refused, /the server at opc\.tcp:.* refused it: Browse: BadServiceUnsupported/)
  const silent = await startFaultyServer(t, { policies: ['None'] })
  const hurried = await openTools(t, silent.url, { requestTimeout: 300 })
  await silent.ask('fault', { service: 'Browse', silent: true })
  await assert.rejects(hurried.run('browse'), /no answer to Browse within 300 ms/)
  await silent.ask('clear')
  // The library closes a connection without an answer; the gateway connects again.
  await eventually('it answers again', async () => {
    await hurried.driver.connect(AbortSignal.timeout(10_000))
    return (await hurried.run<Browsed>('browse').catch(() => undefined)) !== undefined
  })
  // Attributes that are another type than they are meant to be.
  const odd = await during({ service: 'Read', value: { type: 'String', value: 'x' } }, () => browse().catch(String))
  assert.ok(typeof odd === 'string' || odd.nodes.length <= whole)
  assert.equal((await browse()).nodes.length, whole)
})

test('a connection on which nothing is said for a while stays', async (t) => {
  const server = await startFaultyServer(t, { policies: ['None'] })
  const rig = await openTools(t, server.url, { connectTimeout: 2000 })
  // Nothing tells that nothing happens.
  await new Promise((resolve) => setTimeout(resolve, 4500))
  assert.ok((await rig.run<Browsed>('browse')).nodes.length > 0)
  assert.deepEqual(await server.ask('sessions').then(({ sessions, channels }) => [sessions, channels]), [1, 1])
})

test('a search does not outlive its session: indexes may mean other namespaces then', async (t) => {
  const server = await startFaultyServer(t, { policies: ['None'], wide: { folders: 4, each: 500 } })
  const rig = await openTools(t, server.url)
  const first = await rig.run<{ next: number | null }>('search', { pattern: 'sensor', most: 10 })
  assert.notEqual(first.next, null)
  await server.ask('forget', { what: 'sessions' })
  await assert.rejects(
    rig.run('search', { resume: first.next, most: 10_000 }),
    /NotConnected|ended the session|not connected/,
  )
  await rig.driver.connect(AbortSignal.timeout(10_000))
  await assert.rejects(rig.run('search', { resume: first.next }), /this search is over, or the connection was lost/)
})
