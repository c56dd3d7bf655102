/** Networks as people write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalHost, contains, hostsOf, isLoopback, parseNetwork, sizeOf, type Network } from './network.ts'

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  if (typeof parsed === 'string') assert.fail(`${text}: ${parsed}`)
  return parsed
}

test('a network gives its hosts, without the first and last address where it has more than two', () => {
  assert.deepEqual([...hostsOf(network('10.0.1.0/30'))], ['10.0.1.1', '10.0.1.2'])
  assert.deepEqual([...hostsOf(network('10.0.1.4/31'))], ['10.0.1.4', '10.0.1.5'])
  assert.deepEqual([...hostsOf(network('10.0.1.7'))], ['10.0.1.7'])
  assert.deepEqual([...hostsOf(network('223.255.255.254/31'))], ['223.255.255.254', '223.255.255.255'])
  assert.deepEqual([...hostsOf(network('FE80::1'))], ['fe80::1'])
  for (const text of ['10.0.1.0/30', '10.0.1.4/31', '10.0.1.7', '10.0.0.0/22'])
    assert.equal(sizeOf(network(text)), [...hostsOf(network(text))].length, text)
  assert.equal(sizeOf(network('10.0.0.0/8')), 2 ** 24 - 2)
})

test('what lies within a network is in it, and nothing else', () => {
  const plant = network('10.0.1.0/24')
  for (const text of ['10.0.1.0/24', '10.0.1.128/25', '10.0.1.255', '10.0.1.0'])
    assert.ok(contains(plant, network(text)), text)
  for (const text of ['10.0.0.0/23', '10.0.2.0', '10.0.0.255', 'fe80::1', 'plc-1', '10.0.0.0/8'])
    assert.ok(!contains(plant, network(text)), text)
  assert.ok(contains(network('PLC-1'), network('plc-1')))
  assert.ok(!contains(network('plc-1'), network('plc-2')))
})

test('the spellings of one address are one address', () => {
  const spellings = ['10.0.0.5', '::ffff:10.0.0.5', '::FFFF:a00:5', '0:0:0:0:0:ffff:a00:5']
  for (const text of spellings) {
    assert.equal(canonicalHost(text), '10.0.0.5', text)
    assert.ok(contains(network('10.0.0.0/24'), network(text)), text)
  }
  assert.equal(canonicalHost('FE80:0:0::01'), 'fe80::1')
  assert.ok(contains(network('fe80:0::1'), network('FE80::1')))
  assert.equal(canonicalHost('PLC-1'), 'plc-1')
  assert.ok(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback) && !['128.0.0.1', '10.127.0.1', '::2'].some(isLoopback))
})

test('a network that allows everything is none, and an address that is no host either', () => {
  for (const text of ['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/7'])
    assert.match(parseNetwork(text) as string, /8 to 32; name the networks that are yours/, text)
  for (const text of ['0.0.0.0', '0.1.0.0/16', '224.0.0.1', '255.255.255.255', '::', '::ffff:0.0.0.0', 'ff02::1'])
    assert.match(parseNetwork(text) as string, /no address/, text)
})

test('what is no network is refused with a sentence', () => {
  assert.match(parseNetwork('10.0.1.5/24') as string, /within 10\.0\.1\.0\/24/)
  for (const text of [
    '',
    '10.0.1',
    '10.0.1.256',
    '10.0.1.0/33',
    '10.0.1.0/',
    '300.1.1.1/24',
    'a/24',
    'fe80::/64',
    'a b',
    '10.0.1.0/24 x',
  ])
    assert.equal(typeof parseNetwork(text), 'string', text)
})
