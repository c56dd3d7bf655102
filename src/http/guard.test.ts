import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { assertReach, createGuard } from './guard.ts'
import { jsonDepth } from './json-body.ts'

const guard = createGuard(() => 8080, ['gateway.plant.example', 'proxy:9443'])
const passes = (headers: Record<string, string>, changes = false) => guard.refuse(headers, changes) === undefined

test('a loopback address is taken, what others can reach only with accounts and TLS, refused with a sentence that names it', () => {
  const safe = { access: 'accounts', tls: false, plain: false } as const
  const port = 8080
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', 'LOCALHOST'])
    for (const access of ['open', 'accounts'] as const) assertReach({ host, port }, { ...safe, access })
  for (const host of ['0.0.0.0', '::', '192.168.1.5', '1270.0.0.1', 'plant.example', '127.0.0.1.evil.example']) {
    assertReach({ host, port }, { ...safe, tls: true })
    for (const reach of [safe, { ...safe, access: 'open', tls: true } as const])
      assert.throws(
        () => assertReach({ host, port }, reach),
        (error: unknown) =>
          error instanceof GatewayError && error.code === 'CONFIG_INVALID' && error.message.includes(host),
      )
  }
})

test('where others can reach it, a number is an own name and a name is not', () => {
  const reached = createGuard(() => 8080, [], '0.0.0.0')
  for (const host of ['192.168.1.5:8080', '[fe80::1]:8080', 'localhost:8080'])
    assert.equal(reached.refuse({ host }, true), undefined, host)
  for (const host of ['evil.example:8080', '192.168.1.5:80', '192.168.1.5.evil.example:8080'])
    assert.notEqual(reached.refuse({ host }, false), undefined, host)
  assert.ok(!passes({ host: '192.168.1.5:8080' }), 'control: on loopback only its own')
})

test('browsers leave out the port of the scheme, that of https too', () => {
  for (const port of [80, 443])
    for (const [own, host] of [
      ['0.0.0.0', '192.168.1.5'],
      ['127.0.0.1', 'localhost'],
    ] as const)
      // prettier-ignore
      assert.equal(createGuard(() => port, [], own).refuse({ host }, false), undefined, `${host} at ${port}`)
  assert.notEqual(createGuard(() => 8443, [], '0.0.0.0').refuse({ host: '192.168.1.5' }, false), undefined, 'control')
})

test('the own names pass with the own port, configured names with theirs', () => {
  for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LocalHost:8080'])
    assert.ok(passes({ host }), host)
  for (const host of ['gateway.plant.example', 'gateway.plant.example:8443', 'proxy:9443'])
    assert.ok(passes({ host }), host)
  const foreign = [
    'evil.example',
    'localhost:8081',
    'localhost',
    'proxy:1',
    '127.0.0.1.evil.example:8080',
    'x@localhost:8080',
    '',
  ]
  for (const host of foreign) assert.ok(!passes({ host }), host)
  assert.ok(!passes({}))
})

test('the address that is listened on is an own name, whichever of the loopback ones it is', () => {
  const second = createGuard(() => 8080, [], '127.0.0.2')
  assert.equal(second.refuse({ host: '127.0.0.2:8080' }, true), undefined)
  assert.ok(!passes({ host: '127.0.0.2:8080' }))
})

test('a change needs the own origin, or none; a read does not', () => {
  const host = 'localhost:8080'
  assert.ok(passes({ host }, true))
  assert.ok(passes({ host, origin: 'http://localhost:8080' }, true))
  assert.ok(passes({ host, origin: 'http://evil.example' }, false))
  const foreign = [
    'http://evil.example',
    'http://localhost:3000',
    'http://127.0.0.1:8080',
    'null',
    'file://',
    'localhost:8080',
  ]
  for (const origin of foreign) assert.ok(!passes({ host, origin }, true), origin)
  assert.ok(!passes({ host, 'sec-fetch-site': 'cross-site' }, true))
  assert.ok(passes({ host, 'sec-fetch-site': 'same-origin', origin: 'http://localhost:8080' }, true))
  assert.ok(passes({ host: 'gateway.plant.example', origin: 'https://gateway.plant.example' }, true))
})

test('the depth of JSON counts brackets outside strings', () => {
  assert.equal(jsonDepth('1'), 0)
  assert.equal(jsonDepth('{"a":[1,{"b":2}],"c":{}}'), 3)
  assert.equal(jsonDepth('"[[[["'), 0)
  assert.equal(jsonDepth('["\\"[[",[]]'), 2)
  assert.equal(jsonDepth('['.repeat(100_000)), 100_000)
  assert.equal(jsonDepth('['.repeat(100_000), 32), 33)
})
