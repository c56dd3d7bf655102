/**
 * The whole API by its own document: valid, careless and hostile requests to every operation of a running gateway, by anybody where
 * access is open, and by a viewer, an engineer and an admin where there are accounts. No answer may be a defect or something that the
 * document does not have, and what was refused must have changed nothing.
 *
 * `BIFROST_FUZZ_CASES=500` for the long run (25 requests to each operation here), `BIFROST_FUZZ_SEED` for another one.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { runCampaign, type Campaign, type Outcome } from './api-fuzz/campaign.ts'
import type { Document, Operation } from './api-fuzz/document.ts'
import { startTarget, type FuzzTarget } from './api-fuzz/target.ts'
import type { Names } from './api-fuzz/values.ts'

const CASES = Number(process.env.BIFROST_FUZZ_CASES ?? 25)
const SEED = Number(process.env.BIFROST_FUZZ_SEED ?? 1)

const NAMES: Names = {
  device: ['press-1', 'meter', 'away'],
  tag: ['wave', 'set-point', 'line/speed', 'label', 'broken', 'volts', 'amps'],
  tool: ['dump', 'identify', 'profile'],
  sink: ['broker'],
  driver: ['simulated', 'modbus'],
  user: ['otto', 'vera'],
  code: ['BUSY'],
  value: ['abc', '5'],
  status: ['good', 'BadSensorFailure'],
  confirm: ['broker'],
  address: ['hr:0', 'co:1'],
  from: ['2026-01-01T00:00:00Z', '0'],
  to: ['2030-01-01T00:00:00Z'],
}

async function documentOf({ http }: FuzzTarget, who: Record<string, string> = {}): Promise<Document> {
  const answer = await fetch(`${http.url}/api/openapi.json`, { headers: who })
  assert.equal(answer.status, 200)
  return (await answer.json()) as Document
}

async function report(t: TestContext, name: string, target: FuzzTarget, outcome: Outcome): Promise<void> {
  const { operations, requests, statuses, slowest, findings } = outcome
  t.diagnostic(`${name}: seed ${SEED}, ${operations} operations, ${requests} requests: ${JSON.stringify(statuses)}`)
  t.diagnostic(`${name}: slowest: ${JSON.stringify(slowest)}`)
  assert.equal(
    findings.length,
    0,
    `${findings.length} findings with BIFROST_FUZZ_SEED=${SEED}:\n${findings.join('\n')}`,
  )
  assert.equal((await fetch(`${target.http.url}/livez`)).status, 200)
  assert.equal((await target.gateway.audit.verify()).ok, true)
}

const campaign = (who: Record<string, string>): Campaign => ({ seed: SEED, cases: CASES, names: NAMES, who })

test('anybody, where access is open', async (t) => {
  const target = await startTarget(t, 'open')
  const outcome = await runCampaign(target, await documentOf(target), campaign({}))
  await report(t, 'open', target, outcome)
})

for (const role of ['viewer', 'engineer', 'admin']) {
  test(`a token of ${role}`, async (t) => {
    const target = await startTarget(t, 'accounts')
    const who = await target.token(role)
    const outcome = await runCampaign(target, await documentOf(target, who), campaign(who))
    await report(t, role, target, outcome)
  })
}

/** Answers itself where `spoil` has something to say, and passes everything else on. */
async function startSpoiler(
  t: TestContext,
  url: string,
  spoil: (path: string) => { status: number; type: string; body: string } | undefined,
): Promise<string> {
  const server = createServer((request, response) => {
    const instead = spoil(request.url!.split('?', 1)[0]!)
    if (instead !== undefined) {
      response.writeHead(instead.status, { 'content-type': instead.type }).end(instead.body)
      return
    }
    const { hostname, port } = new URL(url)
    const { method = 'GET', url: path = '/', headers } = request
    const passed = forward(
      { hostname, port, method, path, headers: { ...headers, host: `${hostname}:${port}` } },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(response)
      },
    )
    request.pipe(passed)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('control: a defect, a shape, a code, a status, a content type that are not in the document are found', async (t) => {
  const target = await startTarget(t, 'open')
  const document = await documentOf(target)
  const json = 'application/json'
  const problem = (code: string, status: number) => ({
    status,
    type: 'application/problem+json',
    body: JSON.stringify({ type: `/problems/${code}`, title: '', status, detail: '', instance: '/', code, help: '' }),
  })
  const lies = [
    [
      { status: 500, type: 'text/plain', body: 'Error: at server.ts:1' },
      /content type that the document does not have/,
    ],
    [problem('INTERNAL', 500), /a defect/],
    [problem('WRITE_FORBIDDEN', 403), /does not have the problem WRITE_FORBIDDEN/],
    [problem('BUSY', 400), /BUSY has another status/],
    [{ status: 200, type: json, body: '{"logId":1}' }, /logId must be string|must have required property/],
    [{ status: 200, type: json, body: '{"logId":' }, /no JSON/],
    [{ status: 200, type: 'text/html', body: '<p>' }, /content type that the document does not have/],
    [{ status: 418, type: json, body: '{}' }, /content type that the document does not have/],
  ] as const
  for (const [lie, complaint] of lies) {
    const url = await startSpoiler(t, target.http.url, (path) => (path === '/api/v1/log' ? lie : undefined))
    const only = ({ path, method }: Operation) => method === 'GET' && ['/api/v1/log', '/api/v1/lines'].includes(path)
    const { findings } = await runCampaign(target, document, { ...campaign({}), cases: 3, url, only })
    assert.equal(findings.length, 1, findings.join('\n'))
    assert.match(findings[0]!, complaint)
  }
})

test('control: what is refused and done all the same is found', async (t) => {
  const target = await startTarget(t, 'open')
  const document = await documentOf(target)
  const only = ({ path, method }: Operation) => method === 'PUT' && path === '/api/v1/writes/lock'
  // The gateway locks; whoever asked is told that it was refused.
  const relay = createServer((request, response) => {
    request.resume()
    void target.gateway.writesLock.lock({ user: 'somebody', from: 'control', reason: 'control' }).then(() => {
      const body = { type: '', title: '', status: 400, detail: '', instance: '', code: 'INVALID_REQUEST', help: '' }
      response.writeHead(400, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
    })
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  t.after(() => {
    relay.close()
    relay.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`
  const { findings } = await runCampaign(target, document, { ...campaign({}), cases: 1, url, only })
  assert.equal(findings.length, 1)
  assert.match(findings[0]!, /refused with 400, and yet: lock: .*on record as done/s)
})
