/** The role in a client's certificate: what openssl puts there is read, what is no role is none, and no bytes are too bad. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import { createAuthority, createCertificate, roleExtension } from '../../testing/certificates.ts'
import { failsWith, rejection } from '../../testing/modbus-line-peer.ts'
import { needs, temporaryFolder } from '../../testing/peers.ts'
import { dial } from '../../wire/dial.ts'
import { roleIn } from './client-role.ts'
import { createModbusServer, ModbusClient, RegisterBank } from './index.ts'

/** A certificate with these extensions; its files, and its DER. */
function certificates(t: TestContext) {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'plant')
  let count = 0
  const make = (...extensions: string[]) => {
    const files = createCertificate(folder, `client-${++count}`, authority, 'scada-1', 2, extensions)
    return { files, der: new X509Certificate(readFileSync(files.cert)).raw }
  }
  return { folder, authority, make }
}

test('the role that openssl writes is read; what is not exactly one UTF8String is none', { skip: needs('openssl') }, (t) => {
  const { make } = certificates(t)
  assert.equal(roleIn(make(roleExtension('Operator')).der), 'Operator')
  assert.equal(roleIn(make(`1.3.6.1.4.1.50316.802.1=critical,ASN1:FORMAT:UTF8,UTF8String:Prüfer`).der), 'Prüfer')
  assert.equal(roleIn(make(roleExtension('x'.repeat(300))).der), 'x'.repeat(300))
  assert.equal(roleIn(make().der), undefined)
  assert.equal(roleIn(make(roleExtension('Operator', 'IA5String')).der), undefined)
  assert.equal(roleIn(make('1.3.6.1.4.1.50316.802.2=ASN1:UTF8String:Operator').der), undefined)
  // The bytes of the whole extension, inside another one.
  const inside = Buffer.from('301a060b2b0601040183890c862201040b0c094f70657261746f72', 'hex').toString('hex')
  assert.equal(roleIn(make(`1.2.3.4=DER:${inside}`).der), undefined)
}) // prettier-ignore

test('no bytes make it throw: each prefix of a certificate, each byte changed', { skip: needs('openssl') }, (t) => {
  const { der } = certificates(t).make(roleExtension('Operator'))
  for (let length = 0; length < der.length; length++) assert.equal(roleIn(der.subarray(0, length)), undefined)
  for (let at = 0; at < der.length; at++)
    for (const byte of [0x00, 0x80, 0x84, 0xff]) roleIn(Uint8Array.from(der).with(at, byte))
})

test('a server decides by the role; a client that is refused is told what may be wrong', { skip: needs('openssl') }, async (t) => {
  const { folder, authority, make } = certificates(t)
  const device = createCertificate(folder, 'device', authority, '127.0.0.1')
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  const seen: unknown[] = []
  const server = createModbusServer({
    unit: () => bank,
    clock: systemClock,
    intercept: ({ client, pdu }) => {
      seen.push(client)
      return pdu[0] === 6 && client?.role !== 'Operator' ? { exception: 1 } : undefined
    },
  })
  t.after(() => server.close())
  const pem = { cert: readFileSync(device.cert), key: readFileSync(device.key) }
  const ca = readFileSync(authority.cert)
  const strict = await server.listen(0, '127.0.0.1', { tls: { ...pem, ca, requestClientCertificate: true } })
  const open = await server.listen(0, '127.0.0.1', { tls: pem })
  const connect = async (port: number, files?: { cert: string; key: string }) => {
    const tls = { ca: authority.cert, ...files }
    const stream = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 5000, tls })
    t.after(() => stream.destroy())
    return new ModbusClient(stream, { maxInFlight: 1, timeoutMs: 5000, clock: systemClock })
  }
  const operator = await connect(strict, make(roleExtension('Operator')).files)
  await operator.writeRegister(1, 0, 7)
  assert.deepEqual(seen, [{ subject: 'CN=scada-1', role: 'Operator' }])
  for (const [client, words] of [
    [await connect(strict, make(roleExtension('Viewer')).files), /or the role in our client certificate \(Viewer\) does not allow it$/],
    [await connect(strict, make().files), /or it allows it only to a role, and our client certificate names none$/],
    [await connect(open), /or it allows it only to a role, and we show no client certificate$/],
  ] as const) {
    await client.readHoldingRegisters(1, 0, 1)
    await failsWith(rejection(client.writeRegister(1, 0, 8)), 'DEVICE_REFUSED', words)
  }
  assert.equal(seen.at(-1), undefined)
  assert.equal(bank.holdingRegisters.get(0), 7)
}) // prettier-ignore
