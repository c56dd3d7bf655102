/** What roles allow: the table of the four, and the limits of others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import type { Grant } from '../core/access.ts'
import { PERMISSIONS, ROLES, type Permission } from '../core/permissions.ts'
import { GrantedRights, principalOf, RoleTable } from './rights.ts'

const AREAS: Record<string, string> = {
  'press-1': 'hall-1/line-1',
  'press-2': 'hall-1',
  'press-3': 'hall-10/line-1',
  'oven-1': 'hall-2',
}
const areaOf = (device: string) => AREAS[device]
const DEVICES = [...Object.keys(AREAS), 'pump-1', '']

const rights = (...grants: Grant[]) => new GrantedRights(grants, areaOf)
const visible = (...grants: Grant[]) => DEVICES.filter((device) => rights(...grants).mayFor('view', device))

test('the four roles have exactly what they are documented to have', () => {
  const table = new RoleTable([], areaOf)
  for (const [role, permissions] of Object.entries(ROLES))
    for (const permission of Object.keys(PERMISSIONS) as Permission[]) {
      const has = (permissions as readonly Permission[]).includes(permission)
      const given = table.rightsOf([role])
      assert.deepEqual(
        [given.may(permission), given.isWhole(permission), given.mayFor(permission, 'press-1')],
        [has, has, has],
        `${role} ${permission}`,
      )
    }
  assert.equal(ROLES.admin.length, Object.keys(PERMISSIONS).length)
})

test('a role that there is not allows nothing; neither do words that objects know by themselves', () => {
  const table = new RoleTable([], areaOf)
  for (const role of ['pilot', '', 'constructor', '__proto__', 'toString'])
    for (const permission of Object.keys(PERMISSIONS) as Permission[])
      assert.equal(table.rightsOf([role]).may(permission), false, role)
  assert.equal(rights({ permissions: ['constructor' as never] }).may('constructor' as never), false)
})

test('limits: names, stars, areas with all below them; both together narrow, two grants add up', () => {
  assert.deepEqual(visible({ permissions: ['view'], devices: ['press-1'] }), ['press-1'])
  assert.deepEqual(visible({ permissions: ['view'], devices: ['press-*'] }), ['press-1', 'press-2', 'press-3'])
  assert.deepEqual(visible({ permissions: ['view'], areas: ['hall-1'] }), ['press-1', 'press-2'], 'not hall-10')
  assert.deepEqual(visible({ permissions: ['view'], areas: ['hall-1/*'] }), ['press-1'])
  assert.deepEqual(visible({ permissions: ['view'], areas: ['*'] }), Object.keys(AREAS), 'whoever has an area')
  assert.deepEqual(visible({ permissions: ['view'], devices: ['press-*'], areas: ['hall-1/*'] }), ['press-1'])
  assert.deepEqual(
    visible({ permissions: ['view'], devices: ['oven-*'] }, { permissions: ['view'], areas: ['hall-1'] }),
    ['press-1', 'press-2', 'oven-1'],
  )
  assert.deepEqual(visible({ permissions: ['view'], devices: [] }), [])
  assert.deepEqual(visible({ permissions: ['view'], devices: ['*'] }), DEVICES)
  assert.equal(rights({ permissions: ['view'], devices: ['*'] }).isWhole('view'), true)
  assert.equal(rights({ permissions: ['view'], areas: ['*'] }).isWhole('view'), false)
  assert.equal(
    rights({ permissions: ['lock'], devices: ['press-1'] }).may('lock'),
    false,
    'cannot be limited: not given',
  )
})

test('what is remembered is what is decided: limited rights against the rule written out', () => {
  const pattern = fc.constantFrom('press-1', 'press-*', '*-1', 'o*1', 'x')
  const area = fc.constantFrom('hall-1', 'hall-1/*', 'hall-*', 'hall-2', '*')
  const grant = fc.record({
    permissions: fc.constant<Permission[]>(['view']),
    devices: fc.option(fc.array(pattern, { maxLength: 2 }), { nil: undefined }),
    areas: fc.option(fc.array(area, { maxLength: 2 }), { nil: undefined }),
  })
  const like = (text: string, each: string) => new RegExp(`^${each.replaceAll('*', '.*')}$`).test(text)
  const allowed = ({ devices, areas }: Grant, device: string) =>
    (devices === undefined || devices.some((each) => like(device, each))) &&
    (areas === undefined ||
      (areaOf(device) !== undefined &&
        areas.some((each) => like(areaOf(device)!, each) || like(areaOf(device)!, `${each}/*`))))
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 3 }), (grants) => {
      const given = rights(...grants)
      for (const device of [...DEVICES, ...DEVICES])
        assert.equal(
          given.mayFor('view', device),
          grants.some((each) => allowed(each, device)),
          device,
        )
    }),
  )
})

test('names that are asked for fill no memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const given = principalOf('user', 'anna', [], rights({ permissions: ['view'], devices: ['press-*'] }))
  const ask = (count: number, name: string): number => {
    for (let n = 0; n < count; n++) given.mayFor('view', `${name}-${n}`)
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = ask(50_000, 'made-up')
  assert.ok(ask(500_000, 'made-up-too') - before < 8 * 2 ** 20)
})
