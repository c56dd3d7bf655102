/** Names of numbers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { symbolOf, symbolsFault } from './symbols.ts'

test('a number has its name, a bit field the names of its bits, anything else none', () => {
  const states = '1=Off| 2 = Sleeping |4=MPPT|-1=Fault = 3'
  assert.equal(symbolOf(4, states), 'MPPT')
  assert.equal(symbolOf(2n, states), 'Sleeping')
  assert.equal(symbolOf(-1, states), 'Fault = 3')
  for (const value of [3, 1.5, 40, '1', undefined, Uint8Array.of(1)]) assert.equal(symbolOf(value, states), null)
  assert.equal(symbolOf(true, '0=Closed|1=Open'), 'Open')
  assert.equal(symbolOf(false, '0=Closed|1=Open'), 'Closed')
  assert.equal(symbolOf(1, undefined), null)
  const events = 'bit0=GROUND_FAULT|bit7=DOOR|bit31=OTHER|bit63=LAST'
  assert.equal(symbolOf(0x81, events), 'GROUND_FAULT + DOOR')
  assert.equal(symbolOf(0x8000_0000, events), 'OTHER')
  assert.equal(symbolOf(2n ** 63n, events), 'LAST')
  assert.equal(symbolOf(0, events), null)
  assert.equal(symbolOf(2n ** 64n - 1n, `${2n ** 64n - 1n}=All`), 'All')
})

test('a list that is none is refused with what is wrong', () => {
  for (const good of ['1=Off', '1=Off|2=On', 'bit0=a|bit63=b', '0=Not yet | -5=Ä = ß'])
    assert.equal(symbolsFault(good), undefined)
  for (const bad of ['', 'Off', '1=', '1=Off|', '1:Off', '1.5=Half', 'bit64=x', 'bit=x', '=x', '1=Off,2=On|3'])
    assert.match(symbolsFault(bad) ?? '', /write 1=Off\|2=On/, bad)
  assert.match(symbolsFault('1=Off|01=On') ?? '', /^1 has two names/)
  assert.match(symbolsFault('bit1=a|bit01=b') ?? '', /^bit1 has two names/)
})
