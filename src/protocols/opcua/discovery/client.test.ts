/**
 * Conversations of discovery, byte by byte. The answers to GetEndpoints and FindServers were recorded from asyncua 2.1.0; the others
 * are written out after OPC 10000-6, 5.2 and 6.7.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../../core/clock.ts'
import { GatewayError } from '../../../core/errors.ts'
import { duplexPair } from '../../../testing/duplex-pair.ts'
import { UaReader } from './binary.ts'
import { DiscoveryClient } from './client.ts'
import { findServers, findServersOnNetwork, getEndpoints } from './messages.ts'

const NEW_YEAR_2024 = 1_704_067_200_000
const clock = { ...systemClock, now: () => NEW_YEAR_2024 }
const bytes = (...parts: string[]): Buffer => Buffer.from(parts.join('').replace(/\s/g, ''), 'hex')
const text = (value: string): string => {
  const encoded = Buffer.from(value, 'utf8')
  const length = Buffer.alloc(4)
  length.writeInt32LE(encoded.length)
  return length.toString('hex') + encoded.toString('hex')
}
const uint32 = (value: number): string => {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer.toString('hex')
}

const POLICY = text('http://opcfoundation.org/UA/SecurityPolicy#None')
const ACK = bytes('41434b46 1c000000 00000000 ffff0000 ffff0000 00004000 00010000')
const OPENED = bytes(
  '4f504e46 87000000 32000000', POLICY, 'ffffffff ffffffff 01000000 01000000',
  '0100c101 0a137293a17fdd01 01000000 00000000 00 00000000 0000 00 00000000',
  '32000000 0d000000 ce127293a17fdd01 60ea0000 00000000',
) // prettier-ignore
const ENDPOINTS = bytes(
  '4d534746ad010000320000000d00000002000000020000000100af0184527293a17fdd0102000000000000000000000000000000010000001f0000006f70632e7463703a2f2f3132372e302e302e313a34383535352f706c616e741700000075726e3a626966726f73743a746573743a7365727665721800000075726e3a626966726f73743a746573743a70726f647563740212000000506c616e74206f662074686520746573747302000000ffffffffffffffff010000001f0000006f70632e7463703a2f2f3132372e302e302e313a34383535352f706c616e74ffffffff010000002f000000687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412f5365637572697479506f6c696379234e6f6e650100000009000000616e6f6e796d6f757300000000ffffffffffffffff2f000000687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412f5365637572697479506f6c696379234e6f6e6541000000687474703a2f2f6f7063666f756e646174696f6e2e6f72672f55412d50726f66696c652f5472616e73706f72742f75617463702d756173632d756162696e61727900',
)
const SERVERS = bytes(
  '4d534746b9000000320000000d00000003000000030000000100a9014a967293a17fdd0103000000000000000000000000000000010000001700000075726e3a626966726f73743a746573743a7365727665721800000075726e3a626966726f73743a746573743a70726f647563740212000000506c616e74206f662074686520746573747302000000ffffffffffffffff010000001f0000006f70632e7463703a2f2f3132372e302e302e313a34383535352f706c616e74',
)

const APPLICATION = {
  uri: 'urn:bifrost:test:server',
  productUri: 'urn:bifrost:test:product',
  name: 'Plant of the tests',
  kind: 'client and server',
  discoveryUrls: ['opc.tcp://127.0.0.1:48555/plant'],
}

/** A far side that sends these bytes, one answer a message that it gets; `sent` is what it got. */
function converse(answers: readonly (Buffer | 'close')[], split?: number) {
  const { near, far } = duplexPair()
  const sent: Buffer[] = []
  let at = 0
  far.on('data', (message: Buffer) => {
    sent.push(message)
    const answer = answers[at++]
    if (answer === undefined) return
    if (answer === 'close') return void far.end()
    for (const part of split === undefined ? [answer] : [answer.subarray(0, split), answer.subarray(split)])
      if (part.length > 0) far.write(part)
    if (answers[at] === 'close') far.end()
  })
  const client = new DiscoveryClient(near, { name: 'h:4840', clock }, AbortSignal.timeout(5000))
  return { client, sent }
}

test('HEL, a channel without security, GetEndpoints and FindServers: literal bytes both ways', async () => {
  const url = 'opc.tcp://h:4840'
  const { client, sent } = converse([ACK, OPENED, ENDPOINTS, SERVERS])
  await client.hello(url)
  assert.deepEqual(await client.ask(getEndpoints(url)), [
    {
      url: 'opc.tcp://127.0.0.1:48555/plant',
      application: APPLICATION,
      certificate: undefined,
      mode: 'None',
      policy: 'None',
      tokens: ['anonymous'],
      transport: 'uatcp-uasc-uabinary',
      level: 0,
    },
  ])
  assert.deepEqual(await client.ask(findServers(url)), [APPLICATION])
  client.goodbye()
  const TIME = '00c08976453cda01'
  const header = (number: string) => `0000 ${TIME} ${number}000000 00000000 ffffffff 60ea0000 000000`
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(sent.length, 5)
  assert.deepEqual(sent[0], bytes('48454c46 30000000 00000000 00000100 00000100 00004000 00010000', text(url)))
  assert.deepEqual(
    sent[1],
    bytes('4f504e46 84000000 00000000', POLICY, 'ffffffff ffffffff 01000000 01000000 0100be01', header('01'), '00000000 00000000 01000000 ffffffff 60ea0000'), // prettier-ignore
  )
  assert.deepEqual(
    sent[2],
    bytes('4d534746 55000000 32000000 0d000000 02000000 02000000 0100ac01', header('02'), text(url), '00000000 00000000'), // prettier-ignore
  )
  assert.deepEqual(sent[4], bytes('434c4f46 39000000 32000000 0d000000 04000000 04000000 0100c401', header('04')))
})

test('an answer may come in any pieces', async () => {
  for (let split = 1; split < ENDPOINTS.length; split++) {
    const { client } = converse([ACK, OPENED, ENDPOINTS], split)
    await client.hello('opc.tcp://h')
    assert.equal((await client.ask(getEndpoints('opc.tcp://h')))[0]!.application.name, 'Plant of the tests')
  }
})

test('an answer in several chunks; servers of the network', async () => {
  const record = bytes(uint32(7), text('Press 7'), text('opc.tcp://press-7:4840'), uint32(2), text('DA'), text('HD'))
  const body = bytes('0100b12f 0000000000000000 02000000 00000000 00 00000000 0000 00 0000000000000000', uint32(1), record.toString('hex')) // prettier-ignore
  const chunk = (kind: string, part: Buffer) =>
    bytes('4d5347', kind, uint32(24 + part.length), '32000000 0d000000 02000000 02000000', part.toString('hex'))
  const answer = Buffer.concat([chunk('43', body.subarray(0, 11)), chunk('46', body.subarray(11))])
  const { client } = converse([ACK, OPENED, answer])
  await client.hello('opc.tcp://h')
  assert.deepEqual(await client.ask(findServersOnNetwork()), [
    { name: 'Press 7', url: 'opc.tcp://press-7:4840', capabilities: ['DA', 'HD'] },
  ])
})

test('refusals and strangers, each in a sentence', async () => {
  const fault = bytes('4d534746 34000000 32000000 0d000000 02000000 02000000 01008d01 0000000000000000 02000000 00000b80 00 00000000 0000 00') // prettier-ignore
  const error = bytes('45525246', uint32(16 + 6), '0000 8380', text('no way'))
  const cases: readonly (readonly [answers: readonly (Buffer | 'close')[], code: string, message: RegExp])[] = [
    [[ACK, OPENED, fault], 'ACCESS_REFUSED', /the server at h:4840 refused GetEndpoints: BadServiceUnsupported/],
    [[error], 'ACCESS_REFUSED', /refused the connection \(no way\): BadTcpEndpointUrlInvalid/],
    [[Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')], 'PROTOCOL_VIOLATION', /this is no OPC UA server/],
    [[bytes('41434b46 ffffffff')], 'PROTOCOL_VIOLATION', /a message of 4294967295 bytes is none/],
    [['close'], 'NOT_CONNECTED', /h:4840 closed the connection/],
    [[OPENED], 'PROTOCOL_VIOLATION', /answered HEL with OPN/],
    [[ACK, OPENED, SERVERS], 'PROTOCOL_VIOLATION', /h:4840 answered GetEndpoints with 425/],
    [[ACK, OPENED, ENDPOINTS.subarray(0, 100), 'close'], 'NOT_CONNECTED', /closed the connection/],
  ]
  for (const [answers, code, message] of cases) {
    const { client } = converse(answers)
    const asked = client.hello('opc.tcp://h').then(() => client.ask(getEndpoints('opc.tcp://h')))
    await assert.rejects(asked, (thrown: unknown) => {
      assert.ok(thrown instanceof GatewayError, String(thrown))
      assert.equal(thrown.code, code)
      assert.match(thrown.message, message)
      return true
    })
  }
})

test('whatever bytes come as the body of an answer, it reads or is a violation', () => {
  const whole = ENDPOINTS.subarray(24)
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (at, noise) => {
      const broken = Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at + noise.length)])
      try {
        const reader = new UaReader(broken)
        reader.nodeId('response')
        reader.responseHeader()
        getEndpoints('').decode(reader)
      } catch (error) {
        assert.ok(error instanceof GatewayError && error.code === 'PROTOCOL_VIOLATION', String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
