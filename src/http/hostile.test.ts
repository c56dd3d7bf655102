/** Requests that no browser sends: each gets a problem of the catalogue in words for people, and changes nothing. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { startTestGateway } from '../testing/gateway-fixture.ts'
import { createSteeredDevice } from '../testing/steered-driver.ts'
import { startHttp } from './server.ts'

async function start(t: TestContext) {
  const steered = createSteeredDevice()
  steered.values.set('setpoint', 10)
  const gateway = await startTestGateway(t, {
    devices: [{ name: 'press-1', type: steered.type, tags: [{ name: 'setpoint', writable: true }] }],
  })
  const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
  t.after(() => http.close())
  const own = `Host: 127.0.0.1:${http.port}\r\n`
  const json = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(http.url + path, init)
    return {
      status: response.status,
      body: (await response.json()) as { code: string; errors: { detail: string; pointer: string }[] },
    }
  }
  return { http, own, json, send: (text: string) => exchange(http.port, text) }
}

/** Sends bytes as they are and leaves its side open; everything that came back until the server ended the connection. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => resolve(answer))
    socket.on('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
    socket.write(text)
  })
}

test('a request target in absolute form is the same request', async (t) => {
  const { http, own, send } = await start(t)
  const target = `http://127.0.0.1:${http.port}/api/v1/values/press-1/setpoint`
  const answer = await send(`GET ${target} HTTP/1.1\r\n${own}Connection: close\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 200 /)
  assert.match(answer, /"tag":"setpoint"/)
  const foreign = `GET ${target} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`
  assert.match(await send(foreign), /^HTTP\/1\.1 403 /)
})

test('what is no HTTP, and headers without end, are problems, too', async (t) => {
  const { own, send } = await start(t)
  const garbage = await send('\x16\x03\x01\x02\x00 hello\r\n\r\n')
  assert.match(garbage, /^HTTP\/1\.1 400 /)
  assert.match(garbage, /application\/problem\+json/)
  assert.match(garbage, /"code":"INVALID_REQUEST"/)
  const long = await send(`GET /livez HTTP/1.1\r\n${own}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`)
  assert.match(long, /^HTTP\/1\.1 431 .*problem\+json.*"status":431/s)
  const both = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  assert.match(await send(`PUT /api/v1/values/press-1/setpoint HTTP/1.1\r\n${own}${both}`), /^HTTP\/1\.1 400 /)
})

test('a refused upgrade ends the connection, though the other side keeps its own half open', async (t) => {
  const { own, send } = await start(t)
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
  const answer = await send(`GET /api/v1/live HTTP/1.1\r\n${own}${upgrade}Origin: http://evil.example\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/)
  assert.match(
    await send(`GET /livez HTTP/1.1\r\n${own}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`),
    /^HTTP\/1\.1 404 /,
  )
})

test('requests that were sent together are answered in order', async (t) => {
  const { own, send } = await start(t)
  const answers = await send(
    `GET /livez HTTP/1.1\r\n${own}\r\nGET /nope HTTP/1.1\r\n${own}\r\nGET /startupz HTTP/1.1\r\n${own}Connection: close\r\n\r\n`,
  )
  assert.deepEqual(
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]),
    ['200', '404', '200'],
  )
})

test('TRACE gives nothing back of what was sent', async (t) => {
  const { own, send } = await start(t)
  const answer = await send(`TRACE / HTTP/1.1\r\n${own}X-Secret: cookie-of-somebody\r\nConnection: close\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 4\d\d /)
  assert.doesNotMatch(answer, /cookie-of-somebody/)
})

test('words that every object of JavaScript has are no filters', async (t) => {
  const { json } = await start(t)
  for (const status of ['constructor', '__proto__', 'toString']) {
    const { status: code, body } = await json(`/api/v1/values?status=${status}`)
    assert.equal(code, 400, status)
    assert.equal(body.code, 'INVALID_REQUEST')
  }
})

test('what is wrong with a request is said in words for people', async (t) => {
  const { json } = await start(t)
  const put = (body: string) =>
    json('/api/v1/values/press-1/setpoint', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body,
    })
  const wordsOf = async (
    answer: Promise<{ status: number; body: { code: string; errors: { detail: string; pointer: string }[] } }>,
  ) => {
    const { status, body } = await answer
    assert.equal(status, 400)
    return body.errors[0]!
  }
  assert.deepEqual(await wordsOf(put('{"value":null}')), {
    detail: 'body value: expected a number or true or false or a text',
    pointer: '#/value',
  })
  assert.match((await wordsOf(put('{"value":1,"valeu":2}'))).detail, /unknown key "valeu"/)
  assert.deepEqual(await wordsOf(json('/api/v1/values?limit=0')), {
    detail: 'query parameter limit: expected at least 1',
    pointer: '#/limit',
  })
  assert.match((await wordsOf(json('/api/v1/values?limit=1&limit=2'))).detail, /limit: expected a number/)
  assert.match((await wordsOf(json('/api/v1/history/press-1/setpoint?from=soon'))).detail, /from: expected an ISO 8601/)
  assert.match((await wordsOf(json('/api/v1/values/press-1/'))).detail, /address tag: expected at least 1 character/)
})
