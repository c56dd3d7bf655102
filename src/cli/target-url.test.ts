/** Devices as URLs: hosts, ports, units, transports, serial ports, and the driver's options in the query. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { drivers } from '../drivers/index.ts'
import { parseTargetUrl } from './target-url.ts'

const optionsOf = (text: string, ...names: string[]) => {
  const options = parseTargetUrl(text, drivers).options as Record<string, unknown>
  return names.map((name) => options[name])
}

test('host, port and unit', () => {
  assert.deepEqual(optionsOf('modbus://10.0.0.5', 'transport', 'host', 'port', 'unit'), [
    'tcp',
    '10.0.0.5',
    undefined,
    1,
  ])
  assert.deepEqual(optionsOf('modbus://plc-7.local:1502/3', 'host', 'port', 'unit'), ['plc-7.local', 1502, 3])
  assert.deepEqual(optionsOf('modbus://10.0.0.5:80/3', 'port', 'unit'), [80, 3])
  assert.deepEqual(optionsOf('modbus://[::1]:502/2', 'host', 'port', 'unit'), ['::1', 502, 2])
  assert.equal(parseTargetUrl('modbus://10.0.0.5:502/1', drivers).name, '10.0.0.5:502')
})

test('the transport is part of the scheme, or an option', () => {
  assert.deepEqual(optionsOf('modbus+udp://10.0.0.5', 'transport'), ['udp'])
  assert.deepEqual(optionsOf('modbus+rtu-over-tcp://10.0.0.5:4001/9', 'transport', 'unit'), ['rtu-over-tcp', 9])
  assert.deepEqual(optionsOf('modbus://10.0.0.5?transport=tls&ca=/etc/ca.pem', 'transport', 'tls'), [
    'tls',
    { ca: '/etc/ca.pem', insecure: false },
  ])
})

test('a serial port: the last number of the path is the unit, unless the query names it', () => {
  const serial = { path: '/dev/ttyUSB0', baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 }
  assert.deepEqual(optionsOf('modbus+rtu:///dev/ttyUSB0/17', 'serial', 'unit', 'host'), [serial, 17, undefined])
  assert.deepEqual(optionsOf('modbus+rtu:///dev/ttyUSB0?baud=9600&parity=none', 'serial', 'unit'), [
    { ...serial, baud: 9600, parity: 'none' },
    1,
  ])
  assert.deepEqual(optionsOf('modbus+ascii:///dev/pts/3?unit=5', 'serial', 'unit', 'transport'), [
    { ...serial, path: '/dev/pts/3' },
    5,
    'ascii',
  ])
  assert.deepEqual(optionsOf('modbus+rtu:///COM3/1?serial.stopBits=2', 'serial'), [
    { ...serial, path: 'COM3', stopBits: 2 },
  ])
})

test('a protocol with URLs of its own keeps them whole; only the query holds options', () => {
  const plant = 'opc.tcp://10.0.0.5:4840/plant/a'
  assert.deepEqual(optionsOf(plant, 'endpoint', 'securityPolicy', 'user'), [plant, 'best', undefined])
  assert.deepEqual(
    optionsOf(`${plant}?securityPolicy=None&user.name=ann&user.password=p%26w`, 'endpoint', 'securityPolicy', 'user'),
    [plant, 'None', { name: 'ann', password: 'p&w' }],
  )
  assert.deepEqual(optionsOf('opcua://plc-7.local', 'endpoint'), ['opc.tcp://plc-7.local'])
  assert.deepEqual(optionsOf('opc.tcp://[::1]:4841/', 'endpoint'), ['opc.tcp://[::1]:4841/'])
  assert.equal(parseTargetUrl(plant, drivers).name, '10.0.0.5:4840')
  assert.equal(parseTargetUrl(plant, drivers).type.name, 'opcua')
})

test('options take the type of the driver, and what is wrong is said by its name', () => {
  assert.deepEqual(
    optionsOf('modbus://h?timeout=500ms&maxRegisters=10&order=CDAB', 'timeout', 'maxRegisters', 'order'),
    [500, 10, 'CDAB'],
  )
  const cases: Record<string, RegExp> = {
    'modbus://h?maxRegisters=lots': /maxRegisters: expected a number, got "lots"/,
    'modbus://h/abc': /unit: .*"abc"/,
    'modbus+rtu:///dev/ttyS0?baud=fast': /serial\.baud: .*"fast"/,
    'modbus+rtu://10.0.0.5': /serial/,
    'modbus:///dev/ttyS0': /did you mean transport: rtu/,
    'modbos://h': /there is no driver "modbos"; did you mean modbus\?/,
    'opc.tcp://ann:secret@h': /write \?user\.name=…&user\.password=… behind the address/,
    'opc.tcp://h?securityPolicy=none': /securityPolicy: .*did you mean .*None/,
    'modbus://': /is not an address such as/,
    'modbus:10.0.0.5': /is not an address such as/,
  }
  for (const [text, message] of Object.entries(cases))
    assert.throws(
      () => parseTargetUrl(text, drivers),
      (error: unknown) => error instanceof GatewayError && error.code === 'USAGE' && message.test(error.message),
      text,
    )
})
