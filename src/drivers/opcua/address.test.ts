/** Addresses of nodes, members, methods: what they mean, and where a wrong one is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../core/errors.ts'
import { describeAddress, parseAddress, parseMember, type NodeRef } from './address.ts'

const nodeOf = (text: string): NodeRef => {
  const address = parseAddress(text)
  assert.ok(address.kind === 'value')
  return address.node
}
const id = (namespace: number | string, type: 'i' | 's' | 'g' | 'b', text: string): NodeRef => ({ kind: 'id', namespace, type, id: text }) // prettier-ignore
const path = (...names: (readonly [number | string, string])[]): NodeRef => ({
  kind: 'path',
  names: names.map(([namespace, name]) => ({ namespace, name })),
})

const NODES: readonly (readonly [text: string, node: NodeRef])[] = [
  ['i=2258', id(0, 'i', '2258')],
  ['ns=2;i=007', id(2, 'i', '7')],
  ['ns=65535;i=4294967295', id(65_535, 'i', '4294967295')],
  ['ns=2;s=Line1.Level', id(2, 's', 'Line1.Level')],
  ['s=a=b;c=d', id(0, 's', 'a=b;c=d')],
  ['ns=2;s=|var|CODESYS.Application.PLC_PRG.rLevel', id(2, 's', '|var|CODESYS.Application.PLC_PRG.rLevel')],
  ['ns=3;s="DB"."Level"[3]', id(3, 's', '"DB"."Level"[3]')],
  ['ns=2;s=two words: here', id(2, 's', 'two words: here')],
  ['ns=2;s=Dev;i=3', id(2, 's', 'Dev;i=3')],
  ['nsu=urn:x;s=Dev;i=3', id('urn:x', 's', 'Dev;i=3')],
  ['nsu=http://example.org/a?b=c;i=5', id('http://example.org/a?b=c', 'i', '5')],
  ['nsu=urn:a%3Bs=b;s=c', id('urn:a;s=b', 's', 'c')],
  ['nsu=urn:a%20b%253B;s=c', id('urn:a%20b%3B', 's', 'c')],
  ['ns=3;g=72962B91-FA75-4AE6-8D28-B404DC7DAF63', id(3, 'g', '72962b91-fa75-4ae6-8d28-b404dc7daf63')],
  ['ns=4;b=M/RbKA==', id(4, 'b', 'M/RbKA==')],
  ['  ns=2;s=x  ', id(2, 's', 'x')],
  ['ns=2;s=A :: B ::', id(2, 's', 'A :: B')],
  ['ns=2;s=A :: B :: ', id(2, 's', 'A :: B')],
  ['ns=2;s=ends with a blank  ::', id(2, 's', 'ends with a blank ')],
  ['ns=2;s=a::b', id(2, 's', 'a::b')],
  ['/Server', path([0, 'Server'])],
  ['/2:Plant/Line1/0:Level', path([2, 'Plant'], [2, 'Line1'], [0, 'Level'])],
  ['/{http://e.org/p;x}Plant/Line 1', path(['http://e.org/p;x', 'Plant'], ['http://e.org/p;x', 'Line 1'])],
  ['/2:a&/b/&2:c/d&&', path([2, 'a/b'], [2, '2:c'], [2, 'd&'])],
]

test('nodes by index, by URI and by path', () => {
  for (const [text, node] of NODES) assert.deepEqual(nodeOf(text), node, text)
})

test('members, polls, events and calls', () => {
  const member = (text: string) => {
    const address = parseAddress(text)
    return address.kind === 'value' ? [(address.node as { id: string }).id, address.polled, address.member] : undefined
  }
  assert.deepEqual(member('ns=2;s=T :: [3]'), ['T', false, [[3]]])
  assert.deepEqual(member('poll ns=2;s=T :: [1, 2].speed'), ['T', true, [[1, 2], 'speed']])
  assert.deepEqual(member('poll  ns=2;s=T :: axes[2].drive name.position'), ['T', true, ['axes', [2], 'drive name', 'position']]) // prettier-ignore
  assert.deepEqual(member('ns=2;s=A :: B :: speed'), ['A :: B', false, ['speed']])
  const call = parseAddress('call ns=2;s=Robot / 2 / nsu=urn:a;s=Robot.Home / 1')
  assert.ok(call.kind === 'call')
  assert.deepEqual([call.object, call.method], [id(2, 's', 'Robot / 2'), id('urn:a', 's', 'Robot.Home / 1')])
  const events = parseAddress('events i=2253')
  assert.ok(events.kind === 'events')
  assert.deepEqual([events.node, events.filter.parts], [id(0, 'i', '2253'), []])
})

/** Text, column (from 1) and what is said. */
const WRONG: readonly (readonly [text: string, column: number, said: RegExp])[] = [
  ['', 1, /nothing is no node; expected nsu=URI;s=name/],
  ['Level', 1, /"Level" is no node/],
  ['ns=2', 1, /is no node/],
  ['ns=x;i=1', 1, /is no node/],
  ['ns=65536;i=1', 4, /a namespace index ends at 65535/],
  ['nsu=;i=1', 1, /is no node/],
  ['poll Level', 6, /"Level" is no node/],
  ['i=', 3, /i= takes a number up to 4294967295, got nothing/],
  ['ns=2;i=4294967296', 8, /got "4294967296"/],
  ['ns=2;i=-1', 8, /got "-1"/],
  ['ns=2;i=1.5', 8, /got "1.5"/],
  ['ns=2;s=', 8, /s= takes a name/],
  ['ns=2;g=72962b91', 8, /g= takes a GUID/],
  ['ns=2;b=a', 8, /b= takes base64/],
  ['ns=2;b=', 8, /b= takes base64/],
  [`ns=2;s=${'x'.repeat(4097)}`, 8, /at most 4,096 characters/],
  ['/', 2, /a name is missing/],
  ['/a//b', 4, /a name is missing/],
  ['/a/', 4, /a name is missing/],
  ['/2:', 2, /a name is missing/],
  ['/70000:a', 2, /a namespace index ends at 65535/],
  ['/ab&', 4, /behind & stands the character/],
  ['ns=2;s=x :: [a]', 13, /expected a member such as \[3\]/],
  ['ns=2;s=x :: [-1]', 13, /expected a member/],
  ['ns=2;s=x :: a..b', 14, /expected a member/],
  ['ns=2;s=x :: .a', 13, /expected a member/],
  ['ns=2;s=x :: a[1', 14, /expected a member/],
  ['ns=2;s=x :: a[1]b', 17, /expected a member/],
  ['call i=1', 9, /expected an object and its method/],
  ['call i=1 / Home', 16, /expected an object and its method/],
  ['call Robot / i=2', 6, /"Robot" is no node/],
  ['events Pump', 8, /"Pump" is no node/],
]

test('a wrong address is refused with the column and the next step', () => {
  for (const [text, column, said] of WRONG) {
    assert.throws(
      () => parseAddress(text),
      (error: unknown) => {
        assert.ok(error instanceof GatewayError, text)
        assert.deepEqual([error.code, error.details.column], ['CONFIG_INVALID', column], text)
        assert.match(error.message, said)
        return true
      },
      text,
    )
  }
  assert.equal((nodeOf(`ns=2;s=${'x'.repeat(4096)}`) as { id: string }).id.length, 4096)
})

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 })
const spicy = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...Array.from('ab ;:=/&{}[].%3B25isgnu2\n')), minLength: 1 })) // prettier-ignore
const uri = spicy.filter((text) => !text.includes('}'))
const namespace = fc.oneof(fc.integer({ min: 0, max: 65_535 }), uri)
const nodeId = fc.oneof(
  fc.record({ kind: fc.constant('id' as const), namespace, type: fc.constant('s' as const), id: spicy }),
  fc.record({
    kind: fc.constant('id' as const),
    namespace,
    type: fc.constant('i' as const),
    id: fc.nat({ max: 4_294_967_295 }).map(String),
  }),
  fc.record({
    kind: fc.constant('path' as const),
    names: fc.array(fc.record({ namespace, name: spicy }), { minLength: 1, maxLength: 4 }),
  }),
)
const field = fc
  .string({ unit: fc.constantFrom(...Array.from('abc :_$é')), minLength: 1 })
  .filter((text) => text.trim() === text && !` ${text} `.includes(' :: '))
const member = fc.array(fc.oneof(field, fc.array(fc.nat(), { minLength: 1, maxLength: 3 })), { maxLength: 4 })

test('what an address is shown as parses to the same', () => {
  fc.assert(
    fc.property(nodeId, member, fc.boolean(), (node, steps, polled) => {
      const shown = describeAddress({ kind: 'value', node, member: steps, polled, text: '' })
      // Blanks at the beginning belong to nobody.
      fc.pre(shown.trim() === shown)
      const again = parseAddress(shown)
      assert.ok(again.kind === 'value')
      assert.deepEqual([again.node, again.member, again.polled], structuredClone([node, steps, polled]), shown)
      assert.equal(describeAddress(again), shown)
    }),
    { numRuns: 2000 },
  )
})

test('any text is an address or CONFIG_INVALID with a column within it, soon', () => {
  fc.assert(
    fc.property(fc.oneof(spicy, fc.tuple(fc.constantFrom('poll ', 'events ', 'call ', 'ns=2;s=', '/', 'nsu=a;'), spicy).map((parts) => parts.join(''))), (text) => {
      try {
        const address = parseAddress(text)
        if (address.kind !== 'call') assert.equal(describeAddress(parseAddress(describeAddress(address))), describeAddress(address))
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        const column = Number(error.details.column)
        assert.ok(error.code === 'CONFIG_INVALID' && column >= 1 && column <= text.length + 1, `${text}: ${column}`)
      }
    }), // prettier-ignore
    { numRuns: 2000 },
  )
  const started = performance.now()
  for (const unit of ['/', '&', '[', 'a.', ' :: ', '{', 'nsu=', ';s='])
    assert.doesNotThrow(() => {
      try {
        parseAddress(unit.repeat(20_000))
        parseMember(unit.repeat(20_000))
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
      }
    })
  assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`)
})
