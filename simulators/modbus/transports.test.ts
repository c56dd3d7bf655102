/** The plant as a program on all its transports at once, asked by a client of each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Endpoint } from '../../src/core/driver.ts'
import { ModbusClient, type ModbusFraming } from '../../src/protocols/modbus/index.ts'
import { createAuthority, createCertificate } from '../../src/testing/certificates.ts'
import { serialPair } from '../../src/testing/modbus-strangers.ts'
import { needs, startProcess, temporaryFolder } from '../../src/testing/peers.ts'
import { dial } from '../../src/wire/dial.ts'
import { parseTransports } from './transports.ts'

test(
  'the plant on TCP, UDP, TLS and a serial line: the same units, and its faults',
  { skip: needs('socat', 'openssl') },
  async (t) => {
    const folder = temporaryFolder(t)
    const authority = createAuthority(folder, 'plant')
    const { cert, key } = createCertificate(folder, 'device', authority, '127.0.0.1')
    const [ours, theirs] = await serialPair(t)
    const tls = ['--tls', '0', '--tls-cert', cert, '--tls-key', key]
    const args = ['simulators/plant.ts', '--serial', theirs, '--framing', 'ascii', '--udp', '0', ...tls]
    const program = startProcess(t, process.execPath, [...args, '--fault', 'exception unit=2 code=6'])
    const [line] = await program.waitFor(/\{"ready".*\}/)
    const ready = JSON.parse(line) as { port: number; udp: number; tls: number; serial: string }
    assert.equal(ready.serial, theirs)
    const host = '127.0.0.1'
    const connectTimeoutMs = 2000
    const ways: [ModbusFraming, Endpoint][] = [
      ['tcp', { host, port: ready.port, connectTimeoutMs }],
      ['tcp', { host, port: ready.tls, connectTimeoutMs, tls: { ca: authority.cert } }],
      ['udp', { transport: 'udp', host, port: ready.udp, connectTimeoutMs }],
      ['ascii', { transport: 'serial', path: ours, baud: 19_200, dataBits: 8, parity: 'none', stopBits: 1 }],
    ]
    for (const [framing, endpoint] of ways) {
      const stream = await dial(endpoint, AbortSignal.timeout(5000))
      const client = new ModbusClient(stream, { framing, maxInFlight: 1, timeoutMs: 2000, clock: systemClock })
      t.after(() => client.close())
      const { product } = await client.readDeviceIdentification(3)
      assert.equal(product, 'simulated energy meter', framing)
      await assert.rejects(client.readHoldingRegisters(2, 0, 1), { exceptionCode: 6 }, framing)
      client.close()
    }
    assert.deepEqual(await program.stop(), { code: 0, signal: null })
  },
)

test('flags that are wrong or missing are named', () => {
  assert.throws(() => parseTransports({ serial: '/dev/x', framing: 'rtus' }), /--framing rtus: use rtu or ascii/)
  assert.throws(() => parseTransports({ tls: '802', 'tls-key': 'k' }), /--tls needs --tls-cert FILE and --tls-key FILE/)
  assert.deepEqual(parseTransports({ framing: 'rtu', baud: '19200' }), {})
  for (const [flags, sentence] of [
    [{ serial: '/dev/x', baud: 'fast' }, /--baud fast: use bits a second/],
    [{ serial: '/dev/x', 'data-bits': '9' }, /--data-bits 9: use 7 or 8/],
    [{ serial: '/dev/x', parity: 'mark' }, /--parity mark: use none, even or odd/],
    [{ serial: '/dev/x', 'stop-bits': '1.5' }, /--stop-bits 1.5: use 1 or 2/],
    [{ udp: '70000' }, /--udp 70000: use a port/],
    [{ tls: '802x', 'tls-cert': 'c', 'tls-key': 'k' }, /--tls 802x: use a port/],
  ] as const)
    assert.throws(() => parseTransports(flags), sentence)
})

test('the serial port takes the settings that were asked for', () => {
  const { serial } = parseTransports({
    serial: '/dev/x',
    framing: 'ascii',
    baud: '9600',
    'data-bits': '7',
    parity: 'even',
  })
  const port = { transport: 'serial', path: '/dev/x', baud: 9600, dataBits: 7, parity: 'even', stopBits: 1 }
  assert.deepEqual(serial, { framing: 'ascii', port })
})
