/** Addresses of the proxy: where it listens, and who may write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { options } from '../options.ts'
import { ClientNetworks, isNetwork } from './client-networks.ts'
import { isLoopback, parseListenAddress } from './listen-address.ts'

test('host:port in all its forms, and what is none', () => {
  assert.deepEqual(parseListenAddress('127.0.0.1:1502'), { host: '127.0.0.1', port: 1502 })
  assert.deepEqual(parseListenAddress('[::1]:502'), { host: '::1', port: 502 })
  assert.deepEqual(parseListenAddress('Gateway.local:502'), { host: 'gateway.local', port: 502 })
  for (const text of [
    '1502',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '10.0.0.256:502',
    '::1:502',
    '[::1:502',
    'a b:1',
    '[10.0.0.1]:502',
  ])
    assert.equal(parseListenAddress(text), undefined, text)
})

test('loopback is what only this machine reaches', () => {
  const isLocal = (text: string) => isLoopback(parseListenAddress(text)!)
  for (const text of ['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1']) assert.ok(isLocal(text), text)
  for (const text of ['0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.example.com:1']) assert.ok(!isLocal(text), text)
})

test('networks hold the addresses in them and no others, IPv4 inside IPv6 included', () => {
  const networks = new ClientNetworks(['10.0.0.7', '10.0.1.0/24', 'fd00::/8', '::ffff:192.168.0.0/112'])
  for (const address of [
    '10.0.0.7',
    '::ffff:10.0.0.7',
    '10.0.1.255',
    'fd12::1',
    'fd12::1%eth0',
    '192.168.4.4',
    '::FFFF:10.0.1.1',
  ])
    assert.ok(networks.has(address), address)
  for (const address of ['10.0.0.8', '10.0.2.0', '::ffff:10.0.0.8', 'fe80::1', '192.169.0.1', '::a00:7', '', 'x'])
    assert.ok(!networks.has(address), address)
  assert.ok(!new ClientNetworks([]).has('127.0.0.1'), 'nobody by default')
})

test('what is neither an address nor a network', () => {
  for (const text of [
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    'fd00::/129',
    'host',
    '10.0.0.1/24/8',
    '::ffff:10.0.0.0/95',
  ])
    assert.ok(!isNetwork(text), text)
})

test('bad options are refused where they stand', () => {
  const device = { host: '10.0.0.5' }
  const proxy = { listen: '127.0.0.1:1502' }
  const cases: [Record<string, unknown>, string, RegExp][] = [
    [{ ...device, proxy: { listen: '127.0.0.1' } }, 'proxy.listen', /host:port/],
    [{ ...device, proxy: { listen: '10.0.0.999:502' } }, 'proxy.listen', /IP address or host name and a port/],
    [{ ...device, proxy: { ...proxy, functions: [3, 8] } }, 'proxy.functions.1', /diagnostics \(8\) are never/],
    [
      { ...device, proxy: { ...proxy, functions: [6], writers: ['10.0.0.7', '10.0.0.0/40'] } },
      'proxy.writers.1',
      /address or a network/,
    ],
    [{ ...device, proxy: { ...proxy, writers: ['10.0.0.7'] } }, 'proxy.writers', /may write nothing/],
    [{ ...device, unit: 0, proxy }, 'unit', /unit 0/],
    [{ transport: 'rtu', serial: { path: '/dev/ttyUSB0' }, unit: 0 }, 'unit', /broadcast/],
  ]
  for (const [given, path, message] of cases) {
    const issues = options.safeParse(given).error?.issues ?? []
    assert.equal(issues[0]?.path.join('.'), path, JSON.stringify(given))
    assert.match(issues[0].message, message)
  }
  assert.ok(options.safeParse({ ...device, unit: 0 }).success, 'on TCP unit 0 is a device')
  assert.ok(options.safeParse({ ...device, proxy: { ...proxy, functions: [3, 6], writers: ['10.0.0.7'] } }).success)
})
