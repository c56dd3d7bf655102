/**
 * Who may do what, whole: each route and method of the OpenAPI document, asked by nobody, each role, a role for some devices and a token
 * with one permission, against `matrix.txt`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { ROLES, type Permission, type RoleName } from '../../core/permissions.ts'
import { startPlant, type Credentials, type Plant } from '../../testing/people.ts'
import type { App } from '../app.ts'
import { readMatrix, type MatrixRow } from './matrix.ts'
import { demandPermissions } from './permission.ts'

const matrix = readMatrix()
const ORDER = ['viewer', 'operator', 'engineer', 'admin'] as const satisfies readonly RoleName[]

interface Document {
  readonly paths: Record<string, Record<string, { 'x-permission': string; security: object[] }>>
}

const documentOf = (plant: Plant, who: Credentials) => plant.json<Document>('/api/openapi.json', who)

test('matrix.txt names every route of the document with the permission that it declares, and nothing else', async (t) => {
  const plant = await startPlant(t)
  const { paths } = await documentOf(plant, await plant.person('anna', 'admin'))
  const declared = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { 'x-permission': permission }]) => `${method.toUpperCase()} ${path} ${permission}`,
    ),
  )
  assert.deepEqual(
    declared.sort(),
    matrix.map(({ method, path, permission }) => `${method} ${path} ${permission}`).sort(),
  )
  for (const [path, methods] of Object.entries(paths))
    for (const { 'x-permission': permission, security } of Object.values(methods))
      assert.equal(security.length === 0, permission === 'public', path)
})

test('the least role of each row is the least that has its permission', () => {
  for (const { method, path, permission, least } of matrix) {
    const has = ORDER.filter((role) => (ROLES[role] as readonly string[]).includes(permission))
    const expected = permission === 'public' ? 'everybody' : permission === 'signed-in' ? 'viewer' : has[0]
    assert.equal(least, expected, `${method} ${path}`)
  }
})

interface Person {
  readonly name: string
  readonly who: Credentials
  /** `press-1` is in the reach of everybody here who has a reach. */
  may(row: MatrixRow): boolean
}

const CREW: readonly Permission[] = ['view', 'export', 'write', 'diagnose']

test('every route × method × person is let through or refused as matrix.txt says', async (t) => {
  const plant = await startPlant(t)
  const signedIn = ({ permission }: MatrixRow) => permission === 'public' || permission === 'signed-in'
  const withRole = (role: RoleName) => (row: MatrixRow) =>
    row.least === 'everybody' || ORDER.indexOf(role) >= ORDER.indexOf(row.least)
  const people: Person[] = [
    { name: 'nobody', who: {}, may: ({ permission }) => permission === 'public' },
    {
      name: 'crew',
      who: await plant.person('carl', 'press-crew'),
      may: (row) => signedIn(row) || CREW.includes(row.permission as Permission),
    },
    {
      name: 'token',
      who: await plant.token('exporter', { permissions: ['export'] }),
      may: (row) => signedIn(row) || row.permission === 'export',
    },
  ]
  // An administrator first: without one the gateway would be in set-up.
  for (const role of [...ORDER].reverse())
    people.push({ name: role, who: await plant.person(`a-${role}`, role), may: withRole(role) })
  // Signing out comes last, since it ends what the others need.
  const rows = [...matrix].sort((a, b) => Number(isSignOut(a)) - Number(isSignOut(b)))
  let asked = 0
  for (const row of rows) {
    for (const { name, who, may } of people) {
      const told = await refusalOf(plant, row, who, 'press-1')
      const expected = may(row) ? undefined : name === 'nobody' ? 'SIGN_IN_REQUIRED' : 'FORBIDDEN'
      assert.equal(told, expected, `${row.method} ${row.path} by ${name}`)
      asked++
    }
  }
  assert.equal(asked, matrix.length * people.length)
})

test('a device out of reach is as one that does not exist, on every route that names a device', async (t) => {
  const plant = await startPlant(t)
  const admin = await plant.person('anna', 'admin')
  const crew = await plant.person('carl', 'press-crew')
  const named = matrix.filter(({ path }) => path.includes('{device}'))
  assert.ok(named.length >= 9)
  for (const row of named) {
    assert.notEqual(await refusalOf(plant, row, admin, 'oven'), 'NO_DEVICE', `control: ${row.method} ${row.path}`)
    const expected = CREW.includes(row.permission as Permission) ? 'NO_DEVICE' : 'FORBIDDEN'
    for (const device of ['oven', 'there-is-none'])
      assert.equal(await refusalOf(plant, row, crew, device), expected, `${row.method} ${row.path} of ${device}`)
  }
})

test('a route that declares no permission stops the start, and one that does declares none for others', () => {
  const app = fastify() as unknown as App
  demandPermissions(app)
  const handler = () => ''
  app.get('/told', { config: { permission: 'view' } }, handler)
  assert.throws(
    () => app.route({ method: 'GET', url: '/forgotten', handler }),
    /GET \/forgotten declares no permission/,
  )
  assert.throws(() => app.route({ method: 'GET', url: '/api/docsx', handler }), /declares no permission/)
})

const isSignOut = ({ method, path }: MatrixRow): boolean => method === 'DELETE' && path === '/api/v1/session'

/** How the check refuses this, or undefined where it lets it through to a route that may have its own complaints. */
async function refusalOf(plant: Plant, { method, path }: MatrixRow, who: Credentials, device: string) {
  const place = path
    .replace('{device}', device)
    .replace('{tag}', 'wave')
    .replace('{code}', 'BUSY')
    .replace(/\{\w+\}/, 'none')
  const hasBody = ['POST', 'PUT', 'PATCH'].includes(method)
  const answer = await plant.ask(place, who, hasBody ? plant.body(method, { nothing: 'of use' }) : { method })
  const text = await answer.text()
  const problem = answer.headers.get('content-type')?.startsWith('application/problem') ? JSON.parse(text) : {}
  const { code, detail } = problem as { code?: string; detail?: string }
  if (detail === `there is no device ${device}`) return 'NO_DEVICE'
  if (answer.status === 401 && code !== 'SIGN_IN_FAILED') return code
  // Routes refuse with a sentence of their own; the check says which permission is missing.
  return code === 'FORBIDDEN' && /lacks the permission/.test(detail!) ? code : undefined
}
