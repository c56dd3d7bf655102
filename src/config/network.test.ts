/** What a configuration says of the network is what the gateway dials by. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadFiles } from '../testing/config-rig.ts'

test('the rules of the network reach what dials: network.allow and network.deny of the file', async (t) => {
  const config = await loadFiles(t, {
    'bifrost.yaml': 'version: 1\nnetwork: { allow: [10.0.0.0/8], deny: [10.1.0.0/16] }\n',
  })
  assert.deepEqual(
    config.network?.allow.map(({ address, bits }) => `${address}/${bits}`),
    ['10.0.0.0/8'],
  )
  assert.deepEqual(
    config.network?.deny.map(({ address, bits }) => `${address}/${bits}`),
    ['10.1.0.0/16'],
  )
})
