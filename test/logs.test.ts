/**
 * The logs of the real gateway, as it runs: every line of every stream is of the Elastic Common Schema, and one trace id goes from a request
 * to the command, the device, the audit and the sink. The judge of names and types is `@elastic/ecs`.
 */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ecsProblems } from '../src/testing/ecs.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { startReceiver } from '../src/testing/http-receiver.ts'
import { eventually, freePort } from '../src/testing/peers.ts'

const PASSWORD = 'correct-horse-battery'
const TRACE = '0af7651916cd43dd8448eb211c80319c'

type Asking = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }
type Line = Record<string, unknown>

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('{'))
const fileLines = (path: string): Line[] => linesOf(readFileSync(path, 'utf8')).map((line) => JSON.parse(line) as Line)

async function start(t: TestContext) {
  const receiver = await startReceiver(t, () => ({ status: 200 }))
  const dead = await freePort()
  const folderYaml = `log:
  level: debug
  format: json
  levels: { sink: debug }
  patterns: [{ name: no-answer, match: 'cannot be reached|refused', level: warn }]
  access: { requests: all, to: ./access.ndjson }
  audit: { to: ./audit.ndjson }
discovery: { networks: [127.0.0.1/32] }
devices:
  - name: press-1
    driver: simulated
    every: 200ms
    tags:
      - { name: level, address: 'cell:name=level,initial=5', type: float32, writable: true, writeMin: 0, writeMax: 100 }
  - name: away
    driver: modbus
    every: 200ms
    options: { host: 127.0.0.1, port: ${dead}, unit: 1, timeout: 500ms }
    tags: [{ name: x, address: 'hr:0', type: uint16 }]
sinks:
  - { name: web, sink: http, options: { url: '${receiver.url}/in' } }
  - { name: gone, sink: mqtt, options: { url: 'mqtt://127.0.0.1:${dead}', username: eve, password: '${PASSWORD}', topic: 'a/{device}/{tag}' } }
`
  const gateway = await startGatewayProcess(t, {
    yaml: folderYaml,
    access: 'accounts',
    env: { BIFROST_ADMIN_PASSWORD: PASSWORD },
  })
  return { gateway, receiver, dead }
}

async function signedIn(url: string): Promise<(path: string, init?: Asking) => Promise<Response>> {
  const body = JSON.stringify({ name: 'admin', password: PASSWORD })
  const json = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v1/session`, { method: 'POST', body, headers: json })
  assert.equal(answer.status, 200, await answer.clone().text())
  const cookie = answer.headers.get('set-cookie')!.split(';', 1)[0]!
  return (path, { headers, ...init } = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { ...json, cookie, ...headers } })
}

test('every line of a gateway is of ECS, and a trace id is found from the request to the sink', async (t) => {
  const { gateway, receiver } = await start(t)
  const { folder, url } = gateway
  const ask = await signedIn(url)
  const wrong = JSON.stringify({ name: 'admin', password: 'no' })
  await fetch(`${url}/api/v1/session`, { method: 'POST', body: wrong, headers: { 'content-type': 'application/json' } })
  await eventually('the web server has samples', () => receiver.requests.length > 0)

  const write = await ask('/api/v1/values/press-1/level', {
    method: 'PUT',
    body: JSON.stringify({ value: 42, reason: 'test' }),
    headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
  })
  assert.equal(write.status, 200, await write.clone().text())
  assert.equal(write.headers.get('x-correlation-id'), TRACE)
  const refused = await ask('/api/v1/values/press-1/level', { method: 'PUT', body: JSON.stringify({ value: 4200 }) })
  const problem = (await refused.json()) as { traceId: string; code: string }
  assert.equal(problem.code, 'INVALID_VALUE')
  assert.equal(problem.traceId, refused.headers.get('x-correlation-id'))
  // What is said of a scan, of levels, of a change of the configuration and of one that is no good.
  await (await ask('/api/v1/scan', { method: 'POST', body: JSON.stringify({ driver: 'modbus', atMost: '2s' }) })).text()
  await ask('/api/v1/logs/levels', {
    method: 'PUT',
    body: JSON.stringify({ level: 'debug', component: 'modbus', duration: '1s' }),
  })
  await ask('/api/v1/writes/lock', { method: 'PUT', body: JSON.stringify({ reason: 'test' }) })
  await ask('/api/v1/writes/lock', { method: 'DELETE' })
  await ask('/api/v1/nothing')
  const file = join(folder, 'bifrost.yaml')
  const yaml = readFileSync(file, 'utf8')
  writeFileSync(file, yaml.replace('every: 200ms', 'every: 300ms'))
  gateway.child.kill('SIGHUP')
  await eventually('read again', () => gateway.output().includes('read again'))
  writeFileSync(file, `${yaml}nonsense: [`)
  gateway.child.kill('SIGHUP')
  await eventually('not valid', () => gateway.output().includes('not valid'))
  await eventually('the sink has it', () => linesOf(gateway.output()).some((line) => line.includes('"deliver"')))
  const metrics = await (await ask('/metrics')).text()
  rmSync(join(folder, 'data', 'learned'), { recursive: true, force: true })
  assert.equal((await gateway.stop()).code, 0)

  const streams = {
    log: linesOf(gateway.output()).filter((line) => line.includes('ecs.version')),
    access: linesOf(readFileSync(join(folder, 'access.ndjson'), 'utf8')),
    audit: linesOf(readFileSync(join(folder, 'audit.ndjson'), 'utf8')),
  }
  for (const [name, lines] of Object.entries(streams)) {
    assert.ok(lines.length > 5, `${name}: ${lines.length} lines`)
    const found = lines.flatMap((line) =>
      ecsProblems(line).map((problem) => `${name}: ${problem}: ${line.slice(0, 300)}`),
    )
    assert.deepEqual(found, [])
    const datasets = new Set(lines.map((line) => (JSON.parse(line) as Line)['event.dataset']))
    assert.deepEqual([...datasets], [`bifrost.${name}`])
    assert.ok(!lines.join('\n').includes(PASSWORD), `${name} has the password`)
  }
  // Nothing is said under a name that the table does not have.
  for (const line of streams.log) assert.ok(!/"bifrost\.details":\{"(error|err|component)"/.test(line), line)

  const ofTrace = [...streams.log, ...streams.access, ...streams.audit]
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line['trace.id'] === TRACE)
    .map((line) => ['event.dataset', 'log.logger', 'event.action', 'event.outcome'].map((name) => line[name]).join(' '))
  for (const wanted of [
    'bifrost.access access http-request success',
    'bifrost.log commands write success',
    'bifrost.log commands device-write success',
    'bifrost.log sink deliver success',
    'bifrost.audit audit write unknown',
    'bifrost.audit audit write success',
  ])
    assert.ok(ofTrace.includes(wanted), `${wanted} is missing: ${ofTrace.join('\n')}`)

  assert.match(metrics, /bifrost_messages_total\{level="warn",component="polling"\} [1-9]/)
  assert.match(metrics, /bifrost_message_patterns_total\{pattern="no-answer"\} [1-9]/)
  assert.match(metrics, /bifrost_message_patterns_total\{pattern="disk-error"\} 0/)
  assert.match(metrics, /bifrost_messages_dropped_total\{reason="blocked"\} 0/)
  assert.ok(fileLines(join(folder, 'audit.ndjson')).some((line) => line['event.action'] === 'sign-in'))
})
