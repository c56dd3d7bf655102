import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { addressRanges } from '../core/address-range.ts'
import { createFarSide, shareOf } from './far-side.ts'
import { Pace } from './pace.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'

const from = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage

test('the far side is the last address that is no trusted proxy, in one spelling', () => {
  const { of } = createFarSide(addressRanges('10.0.0.1', 'fd00::/8'))
  const cases: readonly (readonly [string, string | undefined, string])[] = [
    ['192.0.2.5', '203.0.113.1', '192.0.2.5'],
    ['10.0.0.1', undefined, '10.0.0.1'],
    ['10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['::ffff:10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['10.0.0.1', '198.51.100.9, 203.0.113.1', '203.0.113.1'],
    ['10.0.0.1', '203.0.113.1, fd00::7', '203.0.113.1'],
    ['10.0.0.1', '203.0.113.1, unknown', '10.0.0.1'],
    ['10.0.0.1', 'fd00::7', 'fd00::7'],
    ['10.0.0.1', '2001:DB8:0::1', '2001:db8::1'],
  ]
  for (const [peer, header, expected] of cases) assert.equal(of(from(peer, header)), expected, `${peer} ${header}`)
  assert.equal(createFarSide([]).of(from('127.0.0.1', '203.0.113.1')), '127.0.0.1')
})

test('an IPv6 network counts as one, an IPv4 address by itself', () => {
  assert.equal(shareOf('192.0.2.5'), '192.0.2.5')
  assert.equal(shareOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.equal(shareOf('2001:db8::6'), '2001:db8:0:0::/64')
  assert.equal(shareOf('2001:db8:1:2::'), '2001:db8:1:2::/64')
  assert.equal(shareOf('::1'), '0:0:0:0::/64')
  assert.equal(shareOf('fe80::1%eth0'), 'fe80:0:0:0::/64')
})

test('a share has its burst, fills steadily, and is forgotten when too many others came after it', async () => {
  const clock = new VirtualClock()
  const pace = new Pace(clock, { perMinute: 60, burst: 2, shares: 2 })
  assert.deepEqual([pace.take('a'), pace.take('a'), pace.take('a')], [0, 0, 1000])
  await clock.advance(400)
  assert.equal(pace.take('a'), 600)
  await clock.advance(600)
  assert.deepEqual([pace.take('a'), pace.take('a')], [0, 1000])
  assert.deepEqual([pace.take('b'), pace.take('c'), pace.take('a')], [0, 0, 0])
})
