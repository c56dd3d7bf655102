/** Lists in pages: walked to their end while they change, with cursors that are nobody's own work. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { simulated } from '../drivers/simulated/driver.ts'
import { deviceConfig } from '../testing/gateway-fixture.ts'
import { startPlant, type Credentials, type Plant } from '../testing/people.ts'
import { decodeCursor, encodeCursor, pageOf } from './paging.ts'

const keyOf = (row: string): string => row

const walk = (rowsNow: (page: number) => readonly string[], limit: number): string[] => {
  const seen: string[] = []
  let cursor: string | undefined
  for (let page = 0; page < 100; page++) {
    const { rows, next } = pageOf('list', rowsNow(page), keyOf, { limit, cursor })
    seen.push(...rows)
    if (next === null) return seen
    cursor = next
  }
  throw new Error('no end')
}

test('pages hold each row once, and the last one says so', () => {
  for (const limit of [1, 2, 3, 5, 6])
    assert.deepEqual(
      walk(() => ['a', 'b', 'c', 'd', 'e'], limit),
      ['a', 'b', 'c', 'd', 'e'],
    )
  assert.deepEqual(
    walk(() => [], 2),
    [],
  )
})

test('rows that stay are seen once, while others come and go before, after and at the place', () => {
  const stages = [
    ['a', 'b', 'c', 'd', 'e', 'f'],
    // The next row went, and one came before.
    ['x', 'a', 'b', 'd', 'e', 'f'],
    // The last row that was given went.
    ['x', 'a', 'd', 'y', 'f'],
  ]
  const seen = walk((page) => stages[Math.min(page, 2)]!, 2)
  assert.deepEqual(seen, ['a', 'b', 'd', 'e', 'f'])
  assert.throws(() => walk((page) => (page === 0 ? ['a', 'b', 'c'] : ['p', 'q']), 2), /begin again without a cursor/)
})

test('a cursor of another list, a mended one and a made-up one are refused', () => {
  const cursor = encodeCursor('devices', [2, 'press-1', 'press-0'])
  assert.deepEqual(decodeCursor('devices', cursor, ['number', 'string', 'string']), [2, 'press-1', 'press-0'])
  const wrong = [
    encodeCursor('lines', [2, 'press-1', 'press-0']),
    encodeCursor('devices', [2, 'press-1']),
    encodeCursor('devices', ['2', 'press-1', 'a']),
    encodeCursor('devices', [-1, 'press-1', 'a']),
    encodeCursor('devices', [1.5, 'press-1', 'a']),
    '',
    '%',
    'bnVsbA',
    Buffer.from('{"length":4}').toString('base64url'),
  ]
  for (const text of wrong)
    assert.throws(
      () => decodeCursor('devices', text, ['number', 'string', 'string']),
      (error: GatewayError) => error.code === 'INVALID_REQUEST',
      text,
    )
})

interface PageView {
  readonly next: string | null
  readonly [list: string]: unknown
}

async function walkHttp(plant: Plant, path: string, who: Credentials, between: (page: number) => Promise<unknown>) {
  const rows: unknown[] = []
  const list = path.split('/').at(-1)!.split('?')[0]!
  let cursor = ''
  for (let page = 0; page < 200; page++) {
    const sign = path.includes('?') ? '&' : '?'
    const answer: PageView = await plant.json<PageView>(`${path}${sign}limit=2${cursor}`, who)
    const found = (answer[list === 'audit' ? 'events' : list] ?? assert.fail(JSON.stringify(answer))) as unknown[]
    assert.ok(found.length <= 2)
    rows.push(...found)
    if (answer.next === null) return rows
    cursor = `&cursor=${encodeURIComponent(answer.next)}`
    await between(page)
  }
  throw new Error('no end')
}

test('every long list is walked to its end while things change, and what stays is in it once', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  const device = (name: string) =>
    deviceConfig({
      name,
      type: simulated,
      tags: [
        { name: 'a', address: 'counter' },
        { name: 'b', address: 'counter' },
      ],
    })
  const names = ['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7']
  const run = (list: readonly string[]) =>
    plant.gateway.change({ ...plant.gateway.config, devices: list.map((name) => device(name)) })
  const stay = ['d1', 'd3', 'd5', 'd7']

  for (const [path, named] of [
    ['/api/v1/devices', (row: { name: string }) => row.name],
    ['/api/v1/lines', (row: { units: { device: string }[]; key: string }) => row.key],
    ['/api/v1/values', (row: { device: string; tag: string }) => `${row.device}/${row.tag}`],
  ] as const) {
    await run(names)
    const expected = ((await plant.json<PageView>(path, anna))[path.split('/').at(-1)!] as never[]).map((row) =>
      named(row),
    )
    const kept = expected.filter((name: string) => stay.some((one) => name.includes(one)))
    const changes: Record<number, string[]> = {
      0: ['d0', ...names],
      2: ['d0', ...names.filter((name) => name !== 'd2')],
      3: ['d0', ...names.filter((name) => name !== 'd2'), 'd8'],
    }
    const rows = await walkHttp(plant, path, anna, async (page) => changes[page] && run(changes[page]))
    const seen = rows.map((row) => named(row as never))
    for (const name of kept)
      assert.equal(seen.filter((one) => one === name).length, 1, `${path}: ${name} in ${seen.join(' ')}`)
    assert.equal(new Set(seen).size, seen.length, path)
  }

  for (let n = 0; n < 5; n++) await plant.token(`token-${n}`, { permissions: ['view'] })
  const tokens = await walkHttp(plant, '/api/v1/tokens', anna, (page) => plant.token(`more-${page}`, { permissions: ['view'] }).catch(() => undefined)) // prettier-ignore
  const tokenNames = tokens.map((row) => (row as { name: string }).name)
  for (let n = 0; n < 5; n++)
    assert.equal(tokenNames.filter((name) => name === `token-${n}`).length, 1, tokenNames.join(' '))

  await plant.person('otto', 'operator')
  await plant.person('vera', 'viewer')
  const users = await walkHttp(plant, '/api/v1/users', anna, async () => undefined)
  assert.deepEqual(users.map((row) => (row as { name: string }).name).sort(), ['anna', 'otto', 'vera'])
  const sessions = await walkHttp(plant, '/api/v1/sessions', anna, async () => undefined)
  assert.equal(sessions.length, 3)
  const events = await walkHttp(plant, '/api/v1/audit', anna, (page) => (page < 3 ? plant.token(`late-${page}`, { permissions: ['view'] }) : Promise.resolve())) // prettier-ignore
  const numbers = events.map((row) => (row as { n: number }).n)
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => b - a),
  )
  assert.equal(numbers.at(-1), 1)
})

test('every list of the document has `next`', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'admin')
  interface Shape {
    readonly type?: string
    readonly properties?: Record<string, Shape>
  }
  const { paths } = await plant.json<{ paths: Record<string, { get?: { responses: Record<string, { content?: Record<string, { schema: Shape }> }> } }> }>('/api/openapi.json', anna) // prettier-ignore
  const lists = Object.entries(paths).flatMap(([path, { get }]) => {
    const properties = get?.responses['200']?.content?.['application/json']?.schema.properties
    const isList =
      properties !== undefined && Object.values(properties).filter(({ type }) => type === 'array').length === 1
    return isList && path.startsWith('/api/v1/') ? [{ path, hasNext: 'next' in properties }] : []
  })
  assert.ok(lists.length >= 12, String(lists.length))
  const without = lists.flatMap(({ path, hasNext }) => (hasNext ? [] : [path]))
  // These are no lists but one thing with a list in it.
  const known =
    /\/(v1\/log|audit\/verify|config\/status|users\/\{user\}|config\/(devices|sinks|sections)\/\{\w+\}(\/tags\/\{tag\})?|(versions|history)\/\{version\}|system|capacity)$/
  assert.deepEqual(
    without.filter((path) => !known.test(path)),
    [],
  )
})
