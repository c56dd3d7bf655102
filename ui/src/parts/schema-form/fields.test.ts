/** Forms out of schemas: which fields, and what is typed as it would stand in the file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drivers } from '../../../../src/drivers/index.ts'
import { optionsJsonSchema } from '../../../../src/config/json-schema.ts'
import { allFields, planForm, toDrafts, toOptions, type JsonSchema } from './fields.ts'

const schemaOf = (name: string): JsonSchema =>
  optionsJsonSchema(drivers.find((type) => type.name === name)!.options, '2020-12')

test('what is needed comes first; what few need is behind a heading; every option of every driver has a field', () => {
  const modbus = planForm(schemaOf('modbus'))
  assert.deepEqual(
    modbus.first.map(({ name }) => name),
    ['transport', 'host', 'port', 'unit', 'order'],
  )
  assert.deepEqual(
    modbus.groups.map(({ name }) => name),
    ['serial', 'tls', 'proxy'],
  )
  for (const { options, name } of drivers) {
    const leaves = (schema: JsonSchema): number =>
      Object.values(schema.properties ?? {}).reduce((sum, one) => sum + (one.properties ? leaves(one) : 1), 0)
    const schema = optionsJsonSchema(options, '2020-12')
    assert.equal(allFields(planForm(schema)).length, leaves(schema), name)
  }
})

test('what is typed has the type of the option; what is not given is not there; what is no number is left to the gateway', () => {
  const fields = allFields(planForm(schemaOf('modbus')))
  const drafts = {
    host: ' 10.0.0.5 ', port: '5020', unit: 'two', timeout: '500ms', learn: 'false', order: '', 'serial.baud': '9600',
    'serial.stopBits': '2', 'proxy.functions': '1, 3', 'proxy.writers': '10.0.0.7,',
  } // prettier-ignore
  const options = toOptions(fields, drafts)
  assert.deepEqual(options, {
    host: '10.0.0.5',
    port: 5020,
    unit: 'two',
    timeout: '500ms',
    learn: false,
    serial: { baud: 9600, stopBits: 2 },
    proxy: { functions: [1, 3], writers: ['10.0.0.7'] },
  })
  assert.deepEqual(toOptions(fields, toDrafts(options)), options)
})
