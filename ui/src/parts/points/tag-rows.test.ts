import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asWritten } from './tag-rows.ts'

test('what a server calls its nodes is never taken for a reference when it is saved in YAML', () => {
  assert.deepEqual(asWritten({ name: 'cost', address: 'ns=2;s=a$$b${HOME}$', scale: 0.1 }), {
    name: 'cost',
    address: 'ns=2;s=a$$$$b$${HOME}$$',
    scale: 0.1,
  })
})
