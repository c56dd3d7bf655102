/** What a gateway at work has not loaded of Node itself: 14 MB of `fetch` that an import of `node:http` would bring, unasked for. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startReceiver } from '../src/testing/http-receiver.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, temporaryFolder } from '../src/testing/peers.ts'

const LAUNCH = join(import.meta.dirname, '..', 'bin', 'launch')
const TELL = `process.once('exit', () => process.getBuiltinModule('fs').writeFileSync(process.env.MODULES, process.moduleLoadList.join('\\n')))`
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(TELL)}`
const FETCH = /NativeModule internal\/deps\/undici\/undici$/m

test('polls, requests and a sink over HTTP load nothing of fetch', async (t) => {
  const file = join(temporaryFolder(t), 'modules.txt')
  const receiver = await startReceiver(t, () => ({ status: 204 }))
  const yaml = `devices:
  - { name: press, driver: simulated, every: 50ms, tags: [{ name: level, address: sine, type: float64 }] }
sinks:
  - { name: cloud, sink: http, options: { url: '${receiver.url}' } }
`
  const gateway = await startGatewayProcess(t, { yaml, env: { NODE_OPTIONS, MODULES: file } })
  await eventually('delivered', async () => (await gateway.get<{ sinks: { delivered: number }[] }>('sinks')).sinks[0]!.delivered > 5) // prettier-ignore
  assert.equal((await fetch(`${gateway.url}/metrics`)).status, 200)
  await gateway.stop()
  assert.doesNotMatch(readFileSync(file, 'utf8'), FETCH)
  assert.match(readFileSync(file, 'utf8'), /^NativeModule http$/m)
})

test('the control: one import of node:http is seen', (t) => {
  const file = join(temporaryFolder(t), 'modules.txt')
  const env = { ...process.env, NODE_OPTIONS, MODULES: file }
  assert.equal(spawnSync(LAUNCH, ['--input-type=module', '-e', "import 'node:http'"], { env }).status, 0)
  assert.match(readFileSync(file, 'utf8'), FETCH)
})
