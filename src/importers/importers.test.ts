/**
 * Importers, with fixtures written by hand after the documented formats: Telegraf's plug-in READMEs, the Configuration API and the Modbus
 * manual of Kepware, the API and driver pages of Neuron, the Modbus connector of ThingsBoard, the nodes of node-red-contrib-*.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Imported } from './importer.ts'
import { importerByName, importers } from './index.ts'

const read = async (kind: string, content: unknown, name = 'file.txt'): Promise<Imported> => {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return importerByName(kind)!.read({ name, bytes: Buffer.from(text) })
}

/** Tags as short lines: name address type order scale offset length. */
const lines = ({ devices }: Imported, at = 0): string[] =>
  devices[at]!.tags.map(({ name, address, type, order, scale, offset, length }) =>
    [name, address, type, order ?? '-', scale ?? '-', offset ?? '-', length ?? '-'].join(' '),
  )

describe('telegraf', () => {
  const METER = `[[inputs.modbus]]
  name = "meter"
  slave_id = 7
  timeout = "1s"
  controller = "tcp://10.0.0.5:1502"
  interval = "1m30s"
`
  test('register style: FIXED and UFIXED are as wide as their registers, every order as documented', async () => {
    const found = await read(
      'telegraf',
      `${METER}
  coils = [ { name = "run", address = [3] } ]
  discrete_inputs = [ { name = "door", address = [0] } ]
  holding_registers = [
    { name = "pf", byte_order = "AB", data_type = "FIXED", scale = 0.01, address = [8] },
    { name = "energy", byte_order = "ABCD", data_type = "FIXED", scale = 0.001, address = [5, 6] },
    { name = "old", byte_order = "CDAB", data_type = "FLOAT32", scale = 1.0, address = [10, 11] },
    { name = "real", byte_order = "DCBA", data_type = "FLOAT32-IEEE", scale = 1.0, address = [12, 13] },
    { name = "swapped", byte_order = "BA", data_type = "UINT16", scale = 1.0, address = [14] },
    { name = "wide", byte_order = "BADC", data_type = "INT64", scale = 1.0, address = [20, 21, 22, 23] },
  ]
  input_registers = [ { name = "level", byte_order = "AB", data_type = "INT16", scale = 1.0, address = [0] } ]
`,
    )
    assert.deepEqual(lines(found), [
      'door di:0 bool - - - -',
      'run co:3 bool - - - -',
      'pf hr:8 int16 - 0.01 - -',
      'energy hr:5 int32 - 0.001 - -',
      'old hr:10 uint32 CDAB - - -',
      'real hr:12 float32 DCBA - - -',
      'swapped hr:14 uint16 BADC - - -',
      'wide hr:20 int64 BADC - - -',
      'level ir:0 int16 - - - -',
    ])
    const { options, everyMs } = found.devices[0]!
    assert.deepEqual(options, { transport: 'tcp', host: '10.0.0.5', port: 1502, timeout: '1000ms', unit: 7 })
    assert.equal(everyMs, 90_000)
    assert.deepEqual(found.leftOut, [])
  })

  test('request and metric style: a unit id is a device; what is omitted is omitted; halves of registers are told', async () => {
    const found = await read(
      'telegraf',
      `${METER}
  configuration_type = "request"
  [[inputs.modbus.request]]
    slave_id = 1
    byte_order = "CDAB"
    register = "holding"
    fields = [
      { address = 0, name = "voltage", type = "INT16", scale = 0.1 },
      { address = 1, name = "current", type = "INT32", scale = 0.001 },
      { address = 3, name = "power", type = "UINT32", omit = true },
      { address = 9, name = "low", type = "UINT8L" },
    ]
    [inputs.modbus.request.tags]
      machine = "press"
  [[inputs.modbus.request]]
    slave_id = 2
    register = "coil"
    fields = [ { address = 4, name = "run", measurement = "motor" } ]
`,
    )
    assert.deepEqual(lines(found), ['voltage hr:0 int16 CDAB 0.1 - -', 'current hr:1 int32 CDAB 0.001 - -'])
    assert.deepEqual(lines(found, 1), ['motor.run co:4 bool - - - -'])
    assert.deepEqual(found.devices.map(({ name, options }) => [name, options.unit]), [['meter-1', 1], ['meter-2', 2]]) // prettier-ignore
    assert.deepEqual(
      found.leftOut.map(({ place, what }) => `${place} ${what}`),
      ['inputs.modbus[0].request[0].fields[3] field "meter-1/low"', 'inputs.modbus[0].request[0].tags tags machine'],
    )
    const metric = await read(
      'telegraf',
      `${METER}
  configuration_type = "metric"
  [[inputs.modbus.metric]]
    slave_id = 7
    fields = [
      { register = "coil", address = 0, name = "door" },
      { address = 9, name = "firmware", type = "STRING", length = 8 },
      { register = "input", address = 2, name = "alarm", type = "BIT", bit = 5 },
    ]
`,
    )
    assert.deepEqual(lines(metric), [
      'door co:0 bool - - - -',
      'firmware hr:9 string - - - 16',
      'alarm ir:2.5 bool - - - -',
    ])
  })

  test('opcua: ids, parts of ids and groups with defaults; secrets are told, never carried over', async () => {
    const found = await read(
      'telegraf',
      `[[inputs.opcua]]
  endpoint = "opc.tcp://plc:4840"
  security_policy = "Basic256Sha256"
  username = "anna"
  password = "hunter2"
  nodes = [ { name = "a", id = "nsu=http://x/;s=A" }, { name = "b", namespace = "2", identifier_type = "i", identifier = "7" } ]
  [[inputs.opcua.group]]
    name = "line"
    namespace = "3"
    identifier_type = "s"
    nodes = [ { name = "c", identifier = "C.c" } ]
`,
    )
    assert.deepEqual(lines(found), [
      'a nsu=http://x/;s=A float64 - - - -',
      'b ns=2;i=7 float64 - - - -',
      'line.c ns=3;s=C.c float64 - - - -',
    ])
    assert.deepEqual(found.devices[0]!.options, { endpoint: 'opc.tcp://plc:4840', securityPolicy: 'Basic256Sha256' })
    assert.doesNotMatch(JSON.stringify(found), /hunter2/)
    assert.match(found.leftOut[0]!.why, /secrets are not copied/)
  })
})

describe('kepware', () => {
  const HEAD = 'Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value' // prettier-ignore
  test('CSV: addresses from 1, raw ranges as scale and offset, strings, bits, arrays, access', async () => {
    const found = await read(
      'kepware',
      `${HEAD}
"Level","400001",Word,1,R/W,250,Linear,0,27648,0,100,Double,1,1,"%","Level, tank 1",0
"Run","400010.3",Boolean,1,RO,100,,,,,,,,,,,
"Energy","40021",Float,1,RO,1000,,,,,,,,,,,
"Serial","400100.20H",String,1,RO,5000,,,,,,,,,,,
"Coil","000017",Boolean,1,R/W,100,,,,,,,,,,,
"In","100002",Boolean,1,R/W,100,,,,,,,,,,,
"Row","300001[4]",Short Array,1,RO,100,,,,,,,,,,,
"Flow","400031",Word,1,RO,100,Square Root,0,1000,0,10,Double,0,0,,,0
"Bcd","400041",BCD,1,RO,100,,,,,,,,,,,
"Sys","_System._Error",Boolean,1,RO,100,,,,,,,,,,,
`,
      'press.csv',
    )
    assert.deepEqual(lines(found), [
      'Level hr:0 uint16 - 0.00361689814814815 - -',
      'Run hr:9.3 bool - - - -',
      'Energy hr:20 float32 - - - -',
      'Serial hr:99 string ABCD - - 20',
      'Coil co:16 bool - - - -',
      'In di:1 bool - - - -',
      'Row ir:0[4] int16 - - - -',
    ])
    const [level, , , , coil, input] = found.devices[0]!.tags
    assert.deepEqual([level!.low, level!.high, level!.clamp, level!.unit, level!.everyMs], [0, 100, true, '%', 250])
    assert.equal(level!.description, 'Level, tank 1; Kepware 400001')
    assert.deepEqual([level!.wasWritable, coil!.wasWritable, input!.wasWritable], [true, true, false])
    assert.deepEqual(
      found.leftOut.map(({ place }) => place),
      ['line 1', 'line 9', 'line 10', 'line 11'],
    )
  })

  const project = (device: object, tags: object[], groups: object[] = []) => ({
    project: {
      channels: [
        {
          'common.ALLTYPES_NAME': 'Line',
          'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': 'Modbus TCP/IP Ethernet',
          devices: [{ 'common.ALLTYPES_NAME': 'PLC', 'servermain.DEVICE_ID_STRING': '<10.0.0.9>.3', ...device, tags, tag_groups: groups }], // prettier-ignore
        },
        { 'common.ALLTYPES_NAME': 'S7', 'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': 'Siemens TCP/IP Ethernet' },
      ],
    },
  })
  const tag = (name: string, address: string, type: number, more: object = {}) => ({
    'common.ALLTYPES_NAME': name,
    'servermain.TAG_ADDRESS': address,
    'servermain.TAG_DATA_TYPE': type,
    'servermain.TAG_READ_WRITE_ACCESS': 1,
    'servermain.TAG_SCAN_RATE_MILLISECONDS': 100,
    ...more,
  })

  test('project: orders and counting as the device says, groups by name, other drivers told', async () => {
    const scaled = { 'servermain.TAG_SCALING_TYPE': 1, 'servermain.TAG_SCALING_RAW_LOW': 0, 'servermain.TAG_SCALING_RAW_HIGH': 1000, 'servermain.TAG_SCALING_SCALED_LOW': -50, 'servermain.TAG_SCALING_SCALED_HIGH': 150, 'servermain.TAG_SCALING_UNITS': 'degC' } // prettier-ignore
    const found = await read('kepware', project({ 'modbus_ethernet.DEVICE_ETHERNET_PORT_NUMBER': 5502 }, [tag('T', '400001', 4, scaled)], [{ 'common.ALLTYPES_NAME': 'Motor', tags: [tag('Speed', '400011', 8), tag('Word', '400021', -1)] }])) // prettier-ignore
    assert.deepEqual(found.devices[0]!.options, { host: '10.0.0.9', port: 5502, unit: 3, order: 'CDAB' })
    assert.deepEqual(lines(found), [
      'T hr:0 int16 - 0.2 -50 -',
      'Motor.Speed hr:10 float32 - - - -',
      'Motor.Word hr:20 uint16 - - - -',
    ])
    assert.equal(found.devices[0]!.name, 'Line.PLC')
    assert.match(found.leftOut[0]!.why, /Siemens/)
    const other = await read('kepware', project({ 'modbus_ethernet.DEVICE_ZERO_BASED_ADDRESSING': false, 'modbus_ethernet.DEVICE_FIRST_WORD_LOW': false }, [tag('A', '400001', 8), tag('B', '400003', 9)])) // prettier-ignore
    assert.equal(other.devices[0]!.options.order, 'ABCD')
    assert.deepEqual(lines(other), ['A hr:1 float32 - - - -'])
    assert.match(other.leftOut[0]!.why, /words and double words/)
  })

  test('project: the OPC UA client, without its password', async () => {
    const found = await read('kepware', {
      project: {
        channels: [
          {
            'common.ALLTYPES_NAME': 'UA',
            'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': 'OPC UA Client',
            'opcuaclient.CHANNEL_UA_SERVER_ENDPOINT_URL': 'opc.tcp://10.0.0.4:49320',
            'opcuaclient.CHANNEL_UA_SERVER_SECURITY_POLICY': 0,
            'opcuaclient.CHANNEL_AUTHENTICATION_USERNAME': 'u',
            'opcuaclient.CHANNEL_AUTHENTICATION_PASSWORD': 'hunter2',
            devices: [{ 'common.ALLTYPES_NAME': 'Server', tags: [tag('A', 'ns=2;s=Line.A', 9)] }],
          },
        ],
      },
    })
    assert.deepEqual(found.devices[0]!.options, { endpoint: 'opc.tcp://10.0.0.4:49320', securityPolicy: 'None' })
    assert.deepEqual(lines(found), ['A ns=2;s=Line.A float64 - - - -'])
    assert.doesNotMatch(JSON.stringify(found), /hunter2/)
  })
})

describe('neuron', () => {
  test('drivers: units, orders, bits, strings, decimal and bias, write attribute', async () => {
    const tags = [
      { name: 'a', address: '1!400001#BL', attribute: 3, type: 9, decimal: 0 },
      { name: 'b', address: '1!300001.10H', attribute: 1, type: 13 },
      { name: 'c', address: '1!400010.15', attribute: 1, type: 11 },
      { name: 'd', address: '1!000001', attribute: 3, type: 11 },
      { name: 'e', address: '1!400020', attribute: 1, type: 4, decimal: 0.1, bias: -5 },
      { name: 'f', address: '2!400001', attribute: 1, type: 3 },
      { name: 'g', address: '1!400030', attribute: 1, type: 2 },
      { name: 'h', address: '1!x', attribute: 1, type: 3 },
    ]
    const found = await read('neuron', { drivers: [{ name: 'm', plugin: 'Modbus TCP', params: { host: '10.0.0.7', port: 502, timeout: 3000 }, groups: [{ group: 'g', interval: 500, tags }] }] }) // prettier-ignore
    assert.deepEqual(lines(found), [
      'a hr:0 float32 CDAB - - -',
      'b ir:0 string - - - 10',
      'c hr:9.15 bool - - - -',
      'd co:0 bool - - - -',
      'e hr:19 uint16 - 0.1 -5 -',
    ])
    assert.deepEqual(lines(found, 1), ['f hr:0 int16 - - - -'])
    assert.deepEqual(found.devices[0]!.options, { transport: 'tcp', host: '10.0.0.7', port: 502, timeout: '3000ms', unit: 1 }) // prettier-ignore
    assert.equal(found.devices[0]!.everyMs, 500)
    assert.deepEqual(found.devices[0]!.tags.map(({ wasWritable }) => wasWritable), [true, false, false, true, false]) // prettier-ignore
    assert.deepEqual(found.leftOut.map(({ place }) => place), ['drivers[0].groups[0].tags[6]', 'drivers[0].groups[0].tags[7]']) // prettier-ignore
  })

  test('XLSX, as its tag lists are; a formula is left out with its row', async () => {
    const { writeXlsx } = await import('hucre/xlsx')
    const header = ['Group', 'Interval', 'Name', 'Address', 'Attribute', 'Type', 'Description', 'Decimal', 'Precision', 'Bias'] // prettier-ignore
    const rows = [
      header,
      ['g', 1000, 'level', '1!400001#LL', 'Read Write', 'FLOAT', 'm', 0.5, 1, 0],
      ['g', 1000, 'calc', '1!400003', 'Read', 'INT16', '', '', '', ''],
    ]
    const cells = new Map([['2,3', { formula: 'CONCAT("1!400003")', value: '1!400003' }]])
    const bytes = await writeXlsx({ sheets: [{ name: 'Tags', rows, cells }] })
    const found = await importerByName('neuron')!.read({ name: 'list.xlsx', bytes })
    assert.deepEqual(lines(found), ['level hr:0 float32 - 0.5 - -'])
    assert.ok(found.leftOut.some(({ place, why }) => place === 'Tags row 3' && /formula/.test(why)))
  })
})

test('thingsboard: words first, then bytes; multiplier and divider; what is only written is told', async () => {
  const slave = (byteOrder: string, wordOrder: string) => ({
    host: '10.0.0.3',
    port: 5021,
    type: 'tcp',
    method: 'socket',
    timeout: 2,
    byteOrder,
    wordOrder,
    pollPeriod: 2000,
    unitId: 4,
    deviceName: 'sensor',
    attributes: [{ tag: 'fw', type: 'string', functionCode: 4, objectsCount: 2, address: 0 }],
    timeseries: [
      { tag: 't', type: '16int', functionCode: 3, objectsCount: 1, address: 2, divider: 10 },
      { tag: 'p', type: '32float', functionCode: 3, objectsCount: 2, address: 4 },
      { tag: 'alarm', type: 'bits', functionCode: 3, objectsCount: 1, address: 9, bit: 2 },
      { tag: 'half', type: '8uint', functionCode: 4, objectsCount: 1, address: 17 },
    ],
    attributeUpdates: [{ tag: 't', type: '16int', functionCode: 6, objectsCount: 1, address: 2 }],
    rpc: [{ tag: 'reset', type: 'bits', functionCode: 5, objectsCount: 1, address: 1 }],
  })
  const orders: (readonly [string, string, string])[] = [['BIG', 'BIG', 'ABCD'], ['BIG', 'LITTLE', 'CDAB'], ['LITTLE', 'BIG', 'BADC'], ['LITTLE', 'LITTLE', 'DCBA']] // prettier-ignore
  for (const [bytes, words, order] of orders) {
    const found = await read('thingsboard', { master: { slaves: [slave(bytes, words)] } })
    assert.deepEqual(found.devices[0]!.options, { transport: 'tcp', host: '10.0.0.3', port: 5021, unit: 4, order, timeout: '2000ms' }) // prettier-ignore
  }
  const found = await read('thingsboard', { M: { configurationJson: { master: { slaves: [slave('BIG', 'BIG')] } } } })
  assert.deepEqual(lines(found), [
    'fw ir:0 string - - - 4',
    't hr:2 int16 - 0.1 - -',
    'p hr:4 float32 - - - -',
    'alarm hr:9.2 bool - - - -',
  ])
  assert.equal(found.devices[0]!.tags[1]!.wasWritable, true)
  assert.deepEqual(found.leftOut.map(({ place }) => place), ['master.slaves[0].timeseries[3]', 'master.slaves[0].rpc[0]']) // prettier-ignore
})

test('node-red: raw registers of read nodes, items of the server they are wired to, the rest told', async () => {
  const found = await read('node-red', [
    {
      id: 'c',
      type: 'modbus-client',
      name: 'PLC',
      clienttype: 'tcp',
      tcpHost: '10.0.0.2',
      tcpPort: '502',
      unit_id: '1',
    },
    { id: 'r', type: 'modbus-read', name: 'regs', dataType: 'HoldingRegister', adr: '10', quantity: '4', rate: '5', rateUnit: 's', unitid: '3', server: 'c', wires: [] }, // prettier-ignore
    { id: 'g', type: 'modbus-flex-getter', name: 'flex', server: 'c' },
    { id: 'w', type: 'modbus-write', name: 'wr', server: 'c' },
    {
      id: 'e',
      type: 'OpcUa-Endpoint',
      endpoint: 'opc.tcp://10.0.0.8:4840',
      secpol: 'None',
      secmode: 'None',
      login: false,
    },
    { id: 'i', type: 'OpcUa-Item', item: 'ns=2;s=Speed', datatype: 'Float', name: 'speed', wires: [['f']] },
    { id: 'f', type: 'function', wires: [['u']] },
    { id: 'u', type: 'OpcUa-Client', endpoint: 'e', action: 'subscribe', wires: [['i']] },
    { id: 'x', type: 'modbus-read', name: 'off', d: true, server: 'c' },
    { id: 'n', type: 'modbus-read', name: 'lost', server: 'zz', dataType: 'Coil', adr: 0, quantity: 1 },
  ])
  assert.deepEqual(lines(found), ['regs hr:10[4] uint16 - - - -'])
  assert.deepEqual(lines(found, 1), ['speed ns=2;s=Speed float32 - - - -'])
  assert.deepEqual(found.devices[0]!.options, { transport: 'tcp', host: '10.0.0.2', port: 502, unit: 3 })
  assert.equal(found.devices[0]!.tags[0]!.everyMs, 5000)
  assert.deepEqual(
    found.leftOut.map(({ place }) => place),
    ['[2] g', '[3] w', '[8] x', '[9] n'],
  )
})

describe('bad input', () => {
  test('each importer refuses what is not its own, in a sentence, whatever it is', async () => {
    const hostile = ['', '{', '[', '{}', '[]', 'null', '1', '"x"', 'a,b\n1,2\n', '[x', '\u0000', '{"__proto__":{"drivers":[]}}', '[null]', '{"project":{"channels":5}}'] // prettier-ignore
    for (const { name } of importers)
      for (const text of hostile)
        await assert.rejects(
          async () => read(name, text),
          (error: Error & { code?: string }) => {
            assert.equal(error.code, 'CONFIG_INVALID', `${name} ${JSON.stringify(text)}: ${error.stack}`)
            return true
          },
        )
  })

  test('broken JSON and TOML are told at their place; bytes that are no text too', async () => {
    await assert.rejects(() => read('neuron', '{\n  "a": ]'), /file\.txt: .*not JSON/)
    await assert.rejects(() => read('telegraf', '[[inputs.modbus]]\nname = \n'), /file\.txt: 2:\d+: not TOML/)
    await assert.rejects(
      async () => importerByName('kepware')!.read({ name: 'x', bytes: Buffer.from([0x80, 0xfe, 0xff]) }),
      /neither UTF-8 nor UTF-16/,
    )
  })

  test('deep nesting, keys such as __proto__ and wrong types everywhere neither crash nor pollute', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    await assert.rejects(() => read('node-red', deep), /nested deeper|not JSON/)
    const odd = '{"drivers":[{"name":"__proto__","plugin":"Modbus TCP","params":{"__proto__":{"host":"evil"}},"groups":[{"group":"constructor","tags":[{"name":"__proto__","address":"1!400001","type":3},{"name":"__proto__","address":"1!400001","type":3},5,null,"x",{"name":{},"address":[],"type":{}}]}]}]}' // prettier-ignore
    const found = await read('neuron', odd)
    assert.deepEqual(lines(found), ['__proto__ hr:0 int16 - - - -'])
    assert.equal(found.devices[0]!.options.host, '192.0.2.1')
    assert.equal(({} as Record<string, unknown>).host, undefined)
    assert.match(found.leftOut.map(({ why }) => why).join(), /stands there twice/)
  })

  test('an archive that unpacks without end is refused before it is read', async () => {
    const { deflateRawSync } = await import('node:zlib')
    const packed = deflateRawSync(Buffer.alloc(300 * 2 ** 20))
    const name = Buffer.from('a')
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(8, 8)
    local.writeUInt16LE(1, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50, 0)
    central.writeUInt16LE(8, 10)
    central.writeUInt32LE(packed.length, 20)
    central.writeUInt32LE(10, 24) // what it says of itself
    central.writeUInt16LE(1, 28)
    const end = Buffer.alloc(22)
    end.writeUInt32LE(0x06054b50, 0)
    end.writeUInt16LE(1, 8)
    end.writeUInt16LE(1, 10)
    end.writeUInt32LE(30 + 1 + packed.length, 16)
    const bytes = Buffer.concat([local, name, packed, central, name, end])
    await assert.rejects(
      async () => importerByName('neuron')!.read({ name: 'bomb.xlsx', bytes }),
      /unpacks to more than/,
    )
    await assert.rejects(async () => importerByName('neuron')!.read({ name: 'cut.xlsx', bytes: bytes.subarray(0, 4000) }), /cut off/) // prettier-ignore
  })
})
