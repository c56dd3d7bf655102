/** What may stand behind ` :: ` of an events tag, and where a wrong one is wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../../core/errors.ts'
import { opcua } from './driver.ts'

const filterOf = (text: string) => {
  const address = opcua.parseAddress(`events i=2253 :: ${text}`)
  assert.ok(address.kind === 'events')
  return address.filter
}

test('the parts of a filter', () => {
  const { parts, fields } = filterOf(
    'severity>=500, type = i=2915, source = nsu=urn:a;s=P 1, sourceName = Pump 1, message contains dry run, fields = Code 2:A/Id {urn:a}B',
  )
  assert.deepEqual(parts, [
    { field: 'severity', operator: '>=', value: 500 },
    { field: 'type', node: { kind: 'id', namespace: 0, type: 'i', id: '2915' } },
    { field: 'source', node: { kind: 'id', namespace: 'urn:a', type: 's', id: 'P 1' } },
    { field: 'sourceName', text: 'Pump 1' },
    { field: 'message', text: 'dry run' },
  ])
  assert.deepEqual(fields, [
    { text: 'Code', path: [{ namespace: 0, name: 'Code' }] },
    { text: '2:A/Id', path: [{ namespace: 2, name: 'A' }, { namespace: 2, name: 'Id' }] }, // prettier-ignore
    { text: '{urn:a}B', path: [{ namespace: 'urn:a', name: 'B' }] },
  ])
})

test('what is wrong is named, with its column', () => {
  const refusal = (text: string) => {
    try {
      filterOf(text)
    } catch (error) {
      assert.ok(error instanceof GatewayError)
      return [error.details.column, error.message] as const
    }
    return undefined
  }
  assert.deepEqual(refusal('severity = high'), [29, 'severity is compared with a number from 1 to 1000, got "= high"'])
  assert.deepEqual(refusal('severity > 1, message = x'), [32, 'message goes with "contains"'])
  assert.deepEqual(refusal('source = Pump')?.[0], 27)
  assert.match(
    refusal('colour = red')?.[1] ?? '',
    /^"colour = red" is no part of an event filter; expected severity >= 500/,
  )
  assert.match(refusal('fields = A//B')?.[1] ?? '', /^"A\/\/B" is no field/)
})

test('an events tag is text', () => {
  const tag = { name: 'e', address: 'events i=2253', everyMs: 1000, clamp: false, writable: false } as const
  const address = opcua.parseAddress('events i=2253')
  assert.equal(opcua.check!(address, { ...tag, type: 'string' }), undefined)
  assert.equal(opcua.check!(address, { ...tag, type: 'int32' }), 'events are JSON: give the tag the type string, not int32') // prettier-ignore
  assert.deepEqual(opcua.tagDefaults!(address), { type: 'string' })
})
