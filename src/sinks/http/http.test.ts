/** What the http sink owes beyond the suite: credentials in words, OAuth, signatures, patience, halving, cuts in mid-write. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemClock, type Clock } from '../../core/clock.ts'
import { readFileSync } from 'node:fs'
import type { SinkType } from '../../core/sink.ts'
import { Status } from '../../core/status.ts'
import { TagTable } from '../../core/tags.ts'
import { createAuthority, createCertificate } from '../../testing/certificates.ts'
import {
  batchOf,
  sinkContext,
  startDelivery,
  tagSettings,
  tagTable,
  type DeliveryRig,
  type RigOptions,
  type Row,
} from '../../testing/delivery-rig.ts'
import { isDelivered, shows } from '../../testing/delivery-waits.ts'
import { startRawServer, startReceiver, type Answer, type Received } from '../../testing/http-receiver.ts'
import { eventually, findCommand, needs, temporaryFolder } from '../../testing/peers.ts'
import { http } from './sink.ts'

const type = http as unknown as SinkType

const deliver = (t: TestContext, options: object, rig: RigOptions = {}): DeliveryRig =>
  startDelivery(t, type, options, { tags: tagTable('press-1/level', 'press-1/name'), ...rig })

const numbers = (count: number): Row[] => Array.from({ length: count }, (_, at): Row => [1, at])
const valuesIn = ({ text }: Received): unknown[] => (JSON.parse(text) as { v: unknown }[]).map(({ v }) => v)

const nothingLost = ({ cursor }: DeliveryRig, pending: number) =>
  assert.deepEqual([cursor.ledger().pending, cursor.ledger().dropped], [pending, {}])

const lettersOf = (rig: DeliveryRig) =>
  readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { seq: number; reason: string }) // prettier-ignore

test('a body, to the byte', async (t) => {
  const tags = new TagTable()
  tags.add({ id: 1, device: 'press "1"', settings: tagSettings('level', 'float32', { unit: 'm' }) })
  tags.add({ id: 2, device: 'öfen', settings: tagSettings('n', 'int64') })
  const server = await startReceiver(t, () => ({ status: 204 }))
  const options = { url: `${server.url}/in/{log}/{sink}?x=1`, headers: { 'X-Plant': 'north' } }
  const rig = startDelivery(t, type, options, { tags })
  rig.cursor.append(batchOf([[1, 1.5], [2, -7n, Status.BadTimeout, 5.7, true], [1, NaN]])) // prettier-ignore
  await isDelivered(rig, 3)
  const [request] = server.requests
  assert.equal(
    request!.text,
    '[{"device":"press \\"1\\"","tag":"level","unit":"m","v":1.5,"t":1732356000123,"q":0,"log":"k3f9","seq":1},' +
      '{"device":"öfen","tag":"n","v":"-7","t":5,"q":2148139008,"log":"k3f9","seq":2,"h":true},' +
      '{"device":"press \\"1\\"","tag":"level","unit":"m","v":null,"t":1732356000123,"q":0,"log":"k3f9","seq":3}]',
  )
  assert.deepEqual([request!.method, request!.path], ['POST', '/in/k3f9/plant?x=1'])
  const { headers } = request!
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['idempotency-key'], '"k3f9-1-3-3"')
  assert.equal(headers['x-plant'], 'north')
})

test('a template, and NDJSON', async (t) => {
  const server = await startReceiver(t, () => ({ status: 200 }))
  const rig = deliver(t, { url: server.url, format: 'ndjson', payload: '{"value":{v},"of":{tag},"id":[{log},{seq}]}' })
  rig.cursor.append(batchOf([[1, 1], [2, 'x\ny']])) // prettier-ignore
  await isDelivered(rig, 2)
  assert.equal(
    server.requests[0]!.text,
    '{"value":1,"of":"level","id":["k3f9",1]}\n{"value":"x\\ny","of":"name","id":["k3f9",2]}\n',
  )
})

test('a gap names its tags', async (t) => {
  const server = await startReceiver(t, () => ({ status: 204 }))
  const sink = type.create(type.options.parse({ url: server.url }), sinkContext({ tags: tagTable('a/x') }))
  t.after(() => sink.close())
  const gap = {
    fromSeq: 5,
    toSeq: 9,
    samples: undefined,
    reason: 'unclean stop',
    fromTime: 1,
    toTime: 2,
    tags: [1, 77],
  }
  await sink.gap!(gap, new AbortController().signal)
  const { text, headers } = server.requests[0]!
  const told = { log: 'k3f9', ...gap, samples: null, tags: [{ device: 'a', tag: 'x' }] }
  assert.deepEqual(JSON.parse(text), [{ gap: told }])
  assert.equal(headers['idempotency-key'], '"k3f9-gap-5-9"')
})

for (const [what, options, header, who] of [
  ['a token', { token: 'abc' }, 'Bearer abc', /does not accept this token: unknown key/],
  [
    'a user',
    { username: 'plant', password: 'ü:x' },
    'Basic cGxhbnQ6w7w6eA==',
    /does not accept user "plant": unknown key/,
  ],
  ['nobody', {}, undefined, /does not accept us without credentials: unknown key/],
] as const) {
  test(`${what}: refused in words, nothing is dropped; accepted later, all arrives`, async (t) => {
    let open = false
    const server = await startReceiver(t, () =>
      open ? { status: 204 } : { status: 401, body: { error: 'unknown key' } },
    )
    const rig = deliver(t, { url: server.url, ...options })
    rig.cursor.append(batchOf(numbers(2)))
    await shows(rig, 'Failed', who)
    nothingLost(rig, 2)
    assert.equal(server.requests[0]!.headers.authorization, header)
    open = true
    await isDelivered(rig, 2)
  })
}

test('a token in a header of its own', async (t) => {
  const server = await startReceiver(t, () => ({ status: 403 }))
  const rig = deliver(t, { url: server.url, token: 'abc', tokenHeader: 'X-Api-Key' })
  rig.cursor.append(batchOf(numbers(1)))
  await shows(rig, 'Failed', /does not permit this to the token in X-Api-Key/)
  const { headers } = server.requests[0]!
  assert.deepEqual([headers['x-api-key'], headers.authorization], ['abc', undefined])
})

for (const [status, sentence] of [
  [404, /answered 404.*is the path of the url right/],
  [302, /redirects us to http:\/\/elsewhere\/ \(302\).*give the final address as url/],
  [405, /answered 405/],
] as const) {
  test(`${status}: a person has to act, nothing is dropped`, async (t) => {
    const server = await startReceiver(t, () => ({ status, headers: { Location: 'http://elsewhere/' } }))
    const rig = deliver(t, { url: server.url })
    rig.cursor.append(batchOf(numbers(2)))
    await shows(rig, 'Failed', sentence)
    nothingLost(rig, 2)
  })
}

test('a wrong certificate authority is named, with nothing to send as well', { skip: needs('openssl') }, async (t) => {
  const folder = temporaryFolder(t)
  const tls = createCertificate(folder, 'server', createAuthority(folder, 'a'), 'localhost')
  const server = await startReceiver(t, () => ({ status: 204 }), { tls })
  const rig = deliver(t, { url: server.url, ca: createAuthority(folder, 'other').cert })
  await shows(rig, 'Failed', /no secure connection to https:\/\/localhost.*authority is unknown/)
})

test('the far side asks for patience: the same batch with the same key, after the time it gave', async (t) => {
  const times: number[] = []
  const server = await startReceiver(t, () => {
    times.push(performance.now())
    return times.length === 1 ? { status: 429, headers: { 'Retry-After': '1' } } : { status: 204 }
  })
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf(numbers(3)))
  await shows(rig, 'Degraded', /answered 429/)
  await isDelivered(rig, 3)
  assert.ok(times[1]! - times[0]! >= 950, `${times[1]! - times[0]!} ms`)
  const [first, second] = server.requests
  assert.deepEqual([first!.text, first!.headers['idempotency-key']], [second!.text, second!.headers['idempotency-key']])
})

test('too large: smaller requests, and it stays so; one that is too large alone goes to the dead letters', async (t) => {
  const server = await startReceiver(t, ({ body }) => ({ status: body.length > 2000 ? 413 : 204 }))
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf([...numbers(100), [2, 'x'.repeat(3000)], ...numbers(100)]))
  await eventually('all is settled', () => rig.cursor.ledger().pending === 0)
  assert.deepEqual(lettersOf(rig).map(({ seq, reason }) => [seq, reason]), [[101, 'answered 413']]) // prettier-ignore
  const taken = server.requests.filter(({ body }) => body.length <= 2000).flatMap(valuesIn)
  assert.deepEqual(taken, [...numbers(100), ...numbers(100)].map(([, value]) => value)) // prettier-ignore
  const before = server.requests.length
  rig.cursor.append(batchOf(numbers(100)))
  await isDelivered(rig, 300)
  assert.ok(server.requests.slice(before).every(({ body }) => body.length <= 2000))
})

test('refused without a name: found by halves; in order, each of the others once', async (t) => {
  const server = await startReceiver(t, (request) => ({
    status: valuesIn(request).includes(13) ? 400 : 204,
    body: { error: 'unlucky' },
  }))
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf(numbers(40)))
  await eventually('all is settled', () => rig.cursor.ledger().pending === 0)
  assert.deepEqual(lettersOf(rig), [{ ...lettersOf(rig)[0]!, seq: 14, reason: 'answered 400: unlucky' }])
  const taken = server.requests.filter((one) => !valuesIn(one).includes(13)).flatMap(valuesIn)
  assert.deepEqual(taken, Array.from({ length: 40 }, (_, at) => at).filter((value) => value !== 13)) // prettier-ignore
})

for (const [what, body] of [
  ['says how many samples it refuses, not which', { rejected: 1 }],
  ['refuses a sample that was not sent', { rejected: [{ seq: 999, reason: 'x' }] }],
  ['names no sample at all', { rejected: ['x'] }],
] as const) {
  test(`2xx that ${what}: nothing passes as delivered unseen`, async (t) => {
    const server = await startReceiver(t, () => ({ status: 200, body }))
    const rig = deliver(t, { url: server.url })
    rig.cursor.append(batchOf(numbers(4)))
    await eventually('noticed', () => rig.runner.status().state !== 'Running' && server.requests.length > 1)
    assert.equal(rig.cursor.ledger().delivered, 0)
  })
}

for (const body of ['{"accepted":4,"rejected":0}', '{"rejected":[]}', 'the word "rejected"', '']) {
  test(`2xx with ${JSON.stringify(body)} takes everything`, async (t) => {
    const server = await startReceiver(t, () => ({ status: 200, body }))
    const rig = deliver(t, { url: server.url })
    rig.cursor.append(batchOf(numbers(4)))
    await isDelivered(rig, 4)
    assert.equal(server.requests.length, 1)
  })
}

test('cut in mid-write, answers of 500, then well: everything arrives, with the same keys', async (t) => {
  const answers: Answer[] = ['cut', { status: 500, body: 'disk full' }, 'cut', { status: 500 }]
  const server = await startReceiver(t, () => answers.shift() ?? { status: 204 })
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf(numbers(50)))
  await isDelivered(rig, 50)
  assert.equal(server.requests.length, 5)
  assert.equal(new Set(server.requests.map(({ headers }) => headers['idempotency-key'])).size, 1)
})

test('answers of 500 for one sample only: its neighbours get past, it is named and kept', async (t) => {
  const server = await startReceiver(t, (request) => ({ status: valuesIn(request).includes(2) ? 500 : 204 }))
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf(numbers(4)))
  await shows(rig, 'Failed', /sequence number 3 is sent.*answered 500.*Nothing is dropped/)
  assert.deepEqual([rig.cursor.ledger().delivered, rig.cursor.ledger().pending], [2, 2])
})

test('a receiver that never answers is given up, one that is slow is waited for', async (t) => {
  const deaf = await startReceiver(t, () => 'hang')
  const rig = deliver(t, { url: deaf.url, responseTimeout: 200 })
  rig.cursor.append(batchOf(numbers(1)))
  await shows(rig, 'Failed', /took the request but did not answer within 200 ms/)
  nothingLost(rig, 1)
  const slow = await startReceiver(t, () => new Promise((resolve) => setTimeout(() => resolve({ status: 204 }), 300)))
  const patient = deliver(t, { url: slow.url })
  patient.cursor.append(batchOf(numbers(1500)))
  await isDelivered(patient, 1500)
  assert.equal(slow.requests.length, 2)
})

test('a peer that is no web server is named, nothing is dropped', async (t) => {
  const url = await startRawServer(t, (socket) => socket.write('220 mail.example ESMTP\r\n'))
  const rig = deliver(t, { url })
  rig.cursor.append(batchOf(numbers(1)))
  await shows(rig, 'Failed', /does not answer as a web server|closed the connection/)
  nothingLost(rig, 1)
})

test('the signature is what openssl computes over time, full stop and body', { skip: needs('openssl') }, async (t) => {
  const server = await startReceiver(t, () => ({ status: 204 }))
  const options = { url: server.url, gzip: true, signatureSecret: 'geheim ü', signatureHeader: 'X-Sig' }
  const rig = deliver(t, options)
  rig.cursor.append(batchOf(numbers(10)))
  await isDelivered(rig, 10)
  const { body, headers } = server.requests[0]!
  const time = headers['x-bifrost-timestamp'] as string
  assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 5)
  const file = join(temporaryFolder(t), 'signed')
  writeFileSync(file, Buffer.concat([Buffer.from(`${time}.`), body]))
  const args = ['dgst', '-sha256', '-hmac', 'geheim ü', '-r', file]
  const digest = execFileSync(findCommand('openssl')!, args, { encoding: 'utf8' }).split(' ')[0]
  assert.equal(headers['x-sig'], `sha256=${digest}`)
})

interface Bank {
  readonly url: string
  readonly requests: Received[]
}

/** A token endpoint: tokens are counted; `answer` may say something else. */
async function startBank(t: TestContext, seconds: number, answer?: () => Answer | undefined): Promise<Bank> {
  let issued = 0
  return startReceiver(t, () => {
    const other = answer?.()
    return (
      other ?? { status: 200, body: { access_token: `token-${++issued}`, token_type: 'Bearer', expires_in: seconds } }
    )
  })
}

const credentials = (bank: Bank) => ({ tokenUrl: `${bank.url}/token`, clientId: 'gate way', clientSecret: 's:e&ret' })
const tokens = (server: Bank) => server.requests.map(({ headers }) => headers.authorization)

test('OAuth: a token is fetched once and renewed before it ends', async (t) => {
  let offset = 0
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + offset }
  const server = await startReceiver(t, () => ({ status: 204 }))
  const bank = await startBank(t, 3600)
  const options = { url: server.url, ...credentials(bank), scope: 'write:samples', audience: 'plant' }
  const rig = deliver(t, options, { clock })
  rig.cursor.append(batchOf(numbers(1)))
  await isDelivered(rig, 1)
  rig.cursor.append(batchOf(numbers(1)))
  await isDelivered(rig, 2)
  assert.equal(bank.requests.length, 1)
  const [asked] = bank.requests
  assert.equal(asked!.text, 'grant_type=client_credentials&scope=write%3Asamples&audience=plant')
  assert.equal(asked!.headers.authorization, `Basic ${Buffer.from('gate+way:s%3Ae%26ret').toString('base64')}`)
  assert.equal(asked!.headers['content-type'], 'application/x-www-form-urlencoded')
  offset = 3_541_000
  rig.cursor.append(batchOf(numbers(1)))
  await isDelivered(rig, 3)
  assert.deepEqual(tokens(server), ['Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
})

test('OAuth: credentials in the body, where the endpoint wants them there', async (t) => {
  const server = await startReceiver(t, () => ({ status: 204 }))
  const bank = await startBank(t, 3600)
  const rig = deliver(t, { url: server.url, ...credentials(bank), clientAuth: 'body' })
  rig.cursor.append(batchOf(numbers(1)))
  await isDelivered(rig, 1)
  const { text, headers } = bank.requests[0]!
  assert.equal(text, 'grant_type=client_credentials&client_id=gate+way&client_secret=s%3Ae%26ret')
  assert.equal(headers.authorization, undefined)
})

test('OAuth: a token that is refused early is replaced once; refused again, a person has to act', async (t) => {
  let accepted = 'Bearer token-2'
  const server = await startReceiver(t, ({ headers }) => ({ status: headers.authorization === accepted ? 204 : 401 }))
  const bank = await startBank(t, 3600)
  const rig = deliver(t, { url: server.url, ...credentials(bank) })
  rig.cursor.append(batchOf(numbers(1)))
  await isDelivered(rig, 1)
  assert.deepEqual(tokens(server), ['Bearer token-1', 'Bearer token-2'])
  accepted = 'Bearer none'
  rig.cursor.append(batchOf(numbers(1)))
  await shows(rig, 'Failed', /does not accept the token of client "gate way"/)
  nothingLost(rig, 1)
})

for (const [what, answer, sentence] of [
  [
    '401 invalid_client',
    { status: 401, body: { error: 'invalid_client' } },
    /does not accept client "gate way": invalid_client/,
  ],
  [
    '400 invalid_scope',
    { status: 400, body: { error: 'invalid_scope', error_description: 'no such scope' } },
    /gives no token to client "gate way": answered 400: no such scope \(invalid_scope\)/,
  ],
  ['no token', { status: 200, body: '<html>' }, /without an access_token; is it the token endpoint/],
  ['a token that no header can hold', { status: 200, body: { access_token: 'a\nb' } }, /without an access_token/],
  ['another type', { status: 200, body: { access_token: 'a', token_type: 'mac' } }, /type "mac"; only Bearer/],
] as const) {
  test(`OAuth: the endpoint says ${what}: named before anything is sent`, async (t) => {
    const server = await startReceiver(t, () => ({ status: 204 }))
    const bank = await startBank(t, 60, () => answer)
    const rig = deliver(t, { url: server.url, ...credentials(bank) })
    await shows(rig, 'Failed', sentence)
    assert.equal(server.requests.length, 0)
  })
}

test('a tag that is no longer configured is refused alone', async (t) => {
  const server = await startReceiver(t, () => ({ status: 204 }))
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf([[1, 1], [77, 2], [1, 3]])) // prettier-ignore
  await eventually('all is settled', () => rig.cursor.ledger().pending === 0)
  assert.match(lettersOf(rig)[0]!.reason, /tag 77 is no longer configured/)
  assert.deepEqual(valuesIn(server.requests[0]!), [1, 3])
})

test('a write ends when the gateway stops', async (t) => {
  const server = await startReceiver(t, () => 'hang')
  const rig = deliver(t, { url: server.url })
  rig.cursor.append(batchOf(numbers(1)))
  await eventually('it is sent', () => server.requests.length === 1)
  const began = performance.now()
  await rig.runner.stop(100)
  assert.ok(performance.now() - began < 1500)
})

test('what is unsafe is said once: any certificate, credentials without encryption', () => {
  const warnings: string[] = []
  const log = { ...sinkContext().log, warn: (_: object, sentence: string) => void warnings.push(sentence) }
  const create = (options: object) => type.create(type.options.parse(options), sinkContext({ log }))
  create({ url: 'http://127.0.0.1/', token: 'x' })
  create({ url: 'http://plant.example/' })
  assert.deepEqual(warnings, [])
  create({ url: 'https://plant.example/', insecure: true })
  create({ url: 'http://plant.example/', token: 'x' })
  assert.match(warnings.join('\n'), /^insecure: any server certificate.*\ncredentials and samples travel unencrypted/)
})

const base = { url: 'https://h/' }
for (const [what, options, path, sentence] of [
  ['no URL', { url: 'plant' }, 'url', /is not a URL/],
  ['another scheme', { url: 'ftp://h/' }, 'url', /neither http:\/\/ nor https/],
  ['a password in the URL', { url: 'https://a:b@h/' }, 'url', /give user and password as username/],
  ['a tag in the URL', { url: 'https://h/{tag}' }, 'url', /no placeholder \{tag\}/],
  ['a template that is no JSON', { ...base, payload: '{"v":{v}' }, 'payload', /makes no JSON/],
  ['a header with a line break', { ...base, headers: { 'X-A': 'a\r\nb' } }, 'headers.X-A', /line break/],
  ['a header of our own', { ...base, headers: { 'Content-Length': '1' } }, 'headers.Content-Length', /./],
  ['two ways to say who we are', { ...base, token: 'x', username: 'a', password: 'b' }, 'url', /exclude each other/],
  ['half of OAuth', { ...base, tokenUrl: 'https://i/t' }, 'clientId', /given together/],
  ['a user without a password', { ...base, username: 'a' }, 'password', /given together/],
  ['certificates without TLS', { url: 'http://h/', ca: 'x' }, 'url', /need https/],
  ['a certificate without a key', { ...base, cert: 'x' }, 'cert', /given together/],
  ['a header for no token', { ...base, tokenHeader: 'X-Key' }, 'tokenHeader', /needs a token/],
] as const) {
  test(`the configuration: ${what} is refused`, () => {
    const result = type.options.safeParse(options)
    assert.ok(!result.success)
    const issues = result.error.issues.map((issue) => [issue.path.join('.'), issue.message] as const)
    const [, message] = issues.find(([at]) => at === path) ?? assert.fail(JSON.stringify(issues))
    assert.match(message, sentence)
  })
}
