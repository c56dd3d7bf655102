/** What a device or a sink can be, as forms are made of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configJsonSchema } from '../config/json-schema.ts'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { startPlant } from '../testing/people.ts'

type Json = Record<string, any> // oxlint-disable-line typescript/no-explicit-any

test('every driver and sink of the registries, with the schema that files are checked by, marks included', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'engineer')
  const answer = await plant.json<Json>('/api/v1/drivers', anna)
  assert.deepEqual(answer.drivers.map(({ name }: Json) => name), drivers.map(({ name }) => name)) // prettier-ignore
  const { sinkTypes, sink } = await plant.json<Json>('/api/v1/sink-types', anna)
  assert.deepEqual(sinkTypes.map(({ name }: Json) => name), sinks.map(({ name }) => name)) // prettier-ignore

  const file: Json = configJsonSchema(drivers, sinks, '2020-12')
  const ofFile = (list: Json, name: string): Json =>
    list.allOf.find((one: Json) => Object.values<Json>(one.if.properties)[0]!.const === name).then.properties.options
  for (const { name, options } of answer.drivers)
    assert.deepEqual(Object.keys(options.properties), Object.keys(ofFile(file.properties.devices.items.else, name).properties)) // prettier-ignore
  const mqtt = sinkTypes.find(({ name }: Json) => name === 'mqtt').options
  assert.equal(mqtt.properties.password.secret, true)
  assert.ok('passwordFile' in mqtt.properties && mqtt.properties.url.description.length > 0)
  assert.ok('name' in sink.properties && 'enabled' in sink.properties)

  const modbus = answer.drivers.find(({ name }: Json) => name === 'modbus')
  assert.deepEqual(modbus.can, { scan: true, browse: false, dump: true, identify: true, subscribe: false, history: false, events: false, write: true }) // prettier-ignore
  assert.equal(modbus.options.properties.timeout.default, '2s')
  assert.deepEqual(modbus.scanPorts, [502])
  const dump = modbus.tools.find(({ name }: Json) => name === 'dump')
  assert.deepEqual([dump.input.properties.count.default, dump.manages, dump.offline], [16, false, false])
  assert.equal(modbus.tools.find(({ name }: Json) => name === 'forget').manages, true)
  const opcua = answer.drivers.find(({ name }: Json) => name === 'opcua')
  assert.deepEqual([opcua.can.browse, opcua.can.subscribe, opcua.can.history, opcua.can.events, opcua.urlSchemes], [true, true, true, true, ['opc.tcp']]) // prettier-ignore
  assert.deepEqual(answer.tag.required, ['name', 'address', 'type'])
  assert.ok('every' in answer.device.properties)

  const old = await plant.json<Json>('/api/v1/drivers?draft=draft-07', anna)
  assert.equal(old.drivers.length, drivers.length)
  const wrong = await plant.ask('/api/v1/drivers?draft=4', anna)
  assert.equal(wrong.status, 400)
})
