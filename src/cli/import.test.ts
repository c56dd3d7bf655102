/** `bifrost import` as a process: what it writes is valid and reads true values, it overwrites nothing, and it says what it could not do. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { createModbusServer, RegisterBank } from '../protocols/modbus/index.ts'
import { temporaryFolder } from '../testing/peers.ts'

const BIFROST = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

const bifrost = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1' }
    execFile(BIFROST, args, { env, timeout: 20_000, killSignal: 'SIGKILL' }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    )
  })

const kepwareTag = (name: string, address: string, type: number, more: object = {}) => ({
  'common.ALLTYPES_NAME': name,
  'servermain.TAG_ADDRESS': address,
  'servermain.TAG_DATA_TYPE': type,
  'servermain.TAG_READ_WRITE_ACCESS': 1,
  ...more,
})

const kepwareProject = (port: number, tags: object[]): string =>
  JSON.stringify({
    project: {
      channels: [
        {
          'common.ALLTYPES_NAME': 'Line/1',
          'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': 'Modbus TCP/IP Ethernet',
          devices: [
            {
              'common.ALLTYPES_NAME': 'PLC "ü" $X',
              'servermain.DEVICE_ID_STRING': '<127.0.0.1>.1',
              'modbus_ethernet.DEVICE_ETHERNET_PORT_NUMBER': port,
              tags,
            },
          ],
        },
      ],
    },
  })

test('what was imported reads the values that the device has: order, counting, scaling, bits, texts', async (t) => {
  const bank = new RegisterBank({
    holdingRegisters: [{ address: 0, count: 40 }],
    coils: [{ address: 0, count: 20 }],
  })
  // 1.5 is 3FC0 0000; first word low puts it as 0000 3FC0.
  bank.holdingRegisters.block(0, 2).set([0x0000, 0x3fc0])
  bank.holdingRegisters.set(2, 0x8000)
  bank.holdingRegisters.set(3, 500)
  bank.holdingRegisters.block(4, 2).set([0x4162, 0x6321])
  bank.coils.set(9, 1)
  const server = createModbusServer({ clock: systemClock, unit: (id) => (id === 1 ? bank : undefined) })
  await server.listen(0, '127.0.0.1')
  t.after(() => server.close())
  const folder = temporaryFolder(t)
  const linear = {
    'servermain.TAG_SCALING_TYPE': 1,
    'servermain.TAG_SCALING_RAW_LOW': 0,
    'servermain.TAG_SCALING_RAW_HIGH': 1000,
    'servermain.TAG_SCALING_SCALED_LOW': -50,
    'servermain.TAG_SCALING_SCALED_HIGH': 150,
  }
  const tags = [
    kepwareTag('Real', '400001', 8),
    kepwareTag('Bit', '400003.15', 1),
    kepwareTag('Temp', '400004', 5, linear),
    kepwareTag('Text', '400005.4H', 0),
    kepwareTag('Coil', '000010', 1),
    kepwareTag('Beyond', '465536', 8),
  ]
  writeFileSync(join(folder, 'project.json'), kepwareProject(server.port!, tags))
  const ran = await bifrost('import', 'kepware', join(folder, 'project.json'), '-o', join(folder, 'out'), '--json')
  assert.equal(ran.code, 5, ran.err)
  const report = JSON.parse(ran.out) as { leftOut: { place: string; why: string }[]; wasWritable: string[]; changed: unknown[] } // prettier-ignore
  assert.deepEqual(report.leftOut.map(({ place }) => place), ['project.channels[0].devices[0].tags[5]']) // prettier-ignore
  assert.match(report.leftOut[0]!.why, /beyond the last address/)
  assert.equal(report.wasWritable.length, 5)
  assert.equal(report.changed.length, 1, 'the slash in the name')
  const config = join(folder, 'out', 'bifrost.yaml')
  assert.equal((await bifrost('check', config)).code, 0)
  assert.doesNotMatch(readFileSync(join(folder, 'out', readdirSync(join(folder, 'out')).find((name) => name.endsWith('.csv'))!), 'utf8'), /writable/) // prettier-ignore
  const device = 'Line-1.PLC "ü" $X'
  const values: Record<string, unknown> = {}
  for (const tag of ['Real', 'Bit', 'Temp', 'Text', 'Coil']) {
    const read = await bifrost('read', '-c', config, `${device}/${tag}`, '--json')
    assert.equal(read.code, 0, read.err)
    values[tag] = (JSON.parse(read.out) as { values: { value: unknown }[] }).values[0]!.value
  }
  assert.deepEqual(values, { Real: 1.5, Bit: true, Temp: 50, Text: 'Abc!', Coil: true })
})

test('nothing is overwritten; a folder that is there but empty is fine', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'p.json')
  writeFileSync(file, kepwareProject(502, [kepwareTag('A', '400001', 5)]))
  mkdirSync(join(folder, 'empty'))
  assert.equal((await bifrost('import', 'kepware', file, '-o', join(folder, 'empty'), '--keep-writable')).code, 0)
  assert.match(readFileSync(join(folder, 'empty', 'line-1-plc-u-x.csv'), 'utf8'), /^name,address,type,writable,description\nA,hr:0,uint16,true,/) // prettier-ignore
  const again = await bifrost('import', 'kepware', file, '-o', join(folder, 'empty'))
  assert.equal(again.code, 1)
  assert.match(again.err, /nothing is overwritten/)
  assert.deepEqual(readdirSync(folder).sort(), ['empty', 'p.json'], 'no trace of the attempts')
})

test('a file of another kind is told with the kind that it looks like; unknown kinds and missing files too', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'p.json')
  writeFileSync(file, kepwareProject(502, []))
  const wrong = await bifrost('import', 'neuron', file, '-o', join(folder, 'out'))
  assert.equal(wrong.code, 78)
  assert.match(wrong.err, /it looks like kepware: bifrost import kepware p\.json/)
  const unknown = await bifrost('import', 'kepwear', file)
  assert.equal(unknown.code, 2)
  assert.match(unknown.err, /did you mean kepware\?/)
  assert.equal((await bifrost('import', 'neuron', join(folder, 'none'), '-o', join(folder, 'out'))).code, 1)
  assert.deepEqual(readdirSync(folder), ['p.json'])
})
