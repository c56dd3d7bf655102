/** `bifrost sink …` as people mistype it, against a running gateway: nothing is done by mistake. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bifrost, startGatewayProcess } from '../testing/gateway-process.ts'
import { eventually } from '../testing/peers.ts'

const YAML = `devices:
  - { name: plant, driver: simulated, every: 100ms, tags: [{ name: wave, address: 'sine:period=10s,min=0,max=10', type: float64 }] }
sinks:
  - { name: files, sink: file, options: { folder: . } }
  - { name: off, sink: file, enabled: false, options: { folder: . } }
`

test('what is not meant is not done; what is done is told in numbers', async (t) => {
  const gateway = await startGatewayProcess(t, { yaml: YAML })
  const say = (...args: string[]) => bifrost('sink', ...args, '--url', gateway.url)
  for (const [args, code, words] of [
    [['replay', 'files', '--from', '2026'], 2, /--from 2026 is neither a time/],
    [['replay', 'files', '--from', '1h', '--to', '2h'], 2, /from must be before to/],
    [['replay', 'off', '--from', '1h'], 2, /off: it is disabled/],
    [['dead-letters', 'files', '--replay', '--purge', '--confirm', 'files'], 2, /one of the two/],
    [['replay', 'files', '--cancel'], 0, /there is no replay/],
  ] as const) {
    const { code: got, err } = await say(...args)
    assert.deepEqual([got, words.test(err)], [code, true], err)
  }
  const far = await fetch(`${gateway.url}/api/v1/sinks/files/replay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: 'March 7', to: '2' }),
  })
  assert.equal(far.status, 400, 'from is after to: a bare number is milliseconds, as everywhere')
  await eventually('samples', async () => (await say('list', 'files')).out.match(/delivered [1-9]/) !== null)
  assert.equal((await say('replay', 'files', '--from', '1h')).code, 0)
  await eventually('it is over', async () =>
    /the last replay \(range\): done, [1-9]\d* delivered/.test((await say('list', 'files')).out),
  )
  assert.match((await say('replay', 'files', '--cancel')).err, /done, \d+ delivered/)
})
