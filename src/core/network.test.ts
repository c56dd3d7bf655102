/** Networks as people write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains, hostsOf, parseNetwork, sizeOf, type Network } from './network.ts'

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  assert.ok(typeof parsed !== 'string', `${text}: ${String(parsed)}`)
  return parsed
}

test('a network gives its hosts, without the first and last address where it has more than two', () => {
  assert.deepEqual([...hostsOf(network('10.0.1.0/30'))], ['10.0.1.1', '10.0.1.2'])
  assert.deepEqual([...hostsOf(network('10.0.1.4/31'))], ['10.0.1.4', '10.0.1.5'])
  assert.deepEqual([...hostsOf(network('10.0.1.7'))], ['10.0.1.7'])
  assert.deepEqual([...hostsOf(network('255.255.255.254/31'))], ['255.255.255.254', '255.255.255.255'])
  assert.deepEqual([...hostsOf(network('FE80::1'))], ['fe80::1'])
  for (const text of ['10.0.1.0/30', '10.0.1.4/31', '10.0.1.7', '10.0.0.0/22'])
    assert.equal(sizeOf(network(text)), [...hostsOf(network(text))].length, text)
  assert.equal(sizeOf(network('0.0.0.0/0')), 2 ** 32 - 2)
})

test('what lies within a network is in it, and nothing else', () => {
  const plant = network('10.0.1.0/24')
  for (const text of ['10.0.1.0/24', '10.0.1.128/25', '10.0.1.255', '10.0.1.0'])
    assert.ok(contains(plant, network(text)), text)
  for (const text of ['10.0.0.0/23', '10.0.2.0', '10.0.0.255', 'fe80::1', 'plc-1', '0.0.0.0/0'])
    assert.ok(!contains(plant, network(text)), text)
  assert.ok(contains(network('PLC-1'), network('plc-1')))
  assert.ok(!contains(network('plc-1'), network('plc-2')))
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
