/** What may stand for a host, and what is told of the rest. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { host, hostFault } from './host.ts'

test('addresses and names are hosts', () => {
  for (const text of [
    '10.0.0.5',
    '::1',
    'fe80::1%eth0',
    'localhost',
    'plc-7.plant.example.',
    'meter_57',
    'h',
    'zähler-1',
    '3com',
  ])
    assert.equal(hostFault(text), undefined, text)
  assert.equal(host().safeParse('plc').success, true)
})

test('what is pasted for a host and is none is told in words', () => {
  const faults: [string, RegExp][] = [
    ['http://10.0.0.5', /before :\/\//],
    ['10.0.0.5:502', /port is an option of its own/],
    ['[::1]:502', /port is an option of its own/],
    ['10.0.0.256', /four numbers/],
    ['10.0.0', /four numbers/],
    ['10.0.0.05', /four numbers/],
    ['meter 5', /expected a host name/],
    ['${HOST}', /expected a host name/],
    ['[::1]', /expected a host name/],
    ['plc/1', /expected a host name/],
    ['-plc', /expected a host name/],
  ]
  for (const [text, fault] of faults) assert.match(hostFault(text)!, fault, text)
  assert.equal(host().safeParse('').success, false)
  assert.equal(host().safeParse('10.0.0').error?.issues.length, 1)
})
