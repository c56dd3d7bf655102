/** Every example loads with the real drivers and sinks, and editors agree: it holds by the generated JSON Schema of both drafts. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { configJsonSchema, SCHEMA_DRAFTS } from './json-schema.ts'
import { loadConfig } from './load.ts'
import { TAG_COLUMNS } from './tag-columns.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const examples = globSync('examples/*/bifrost.yaml', { cwd: ROOT })
const OPTIONS = {
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  allowUnionTypes: true,
  keywords: ['secret', 'restart', 'file', 'folder'],
}
const validators = {
  'draft-07': new Ajv(OPTIONS).compile(configJsonSchema(drivers, sinks, 'draft-07')),
  '2020-12': new Ajv2020(OPTIONS).compile(configJsonSchema(drivers, sinks, '2020-12')),
}

test('there are examples', () => {
  assert.ok(examples.length >= 4, examples.join())
})

for (const example of examples) {
  test(`${example} loads without warnings, and holds by the schema`, async () => {
    const config = await loadConfig(join(ROOT, example), { drivers, sinks, env: {} })
    assert.ok(config.devices.length > 0 && config.devices.every((device) => device.tags.length > 0))
    assert.deepEqual(config.warnings, [])
    for (const draft of SCHEMA_DRAFTS) {
      const validate = validators[draft]
      assert.ok(
        validate(parse(readFileSync(join(ROOT, example), 'utf8'), { merge: true })),
        JSON.stringify(validate.errors, null, 1),
      )
    }
  })
}

// They name certificates, which test/edge-to-cloud.test.ts makes before it loads them.
for (const file of globSync('examples/edge-to-cloud/*.yaml', { cwd: ROOT })) {
  test(`${file} holds by the schema`, () => {
    const given: unknown = parse(readFileSync(join(ROOT, file), 'utf8'))
    for (const draft of SCHEMA_DRAFTS) {
      const validate = validators[draft]
      assert.ok(validate(given), JSON.stringify(validate.errors, null, 1))
    }
  })
}

test('the schema refuses what the loader refuses', () => {
  const device = { name: 'a', driver: 'modbus', options: { host: 'x' } }
  const cases: readonly (readonly [what: string, devices: unknown, valid: boolean])[] = [
    ['a good device', device, true],
    ['a number from the environment', { ...device, options: { host: 'x', port: '${PORT}' } }, true],
    ['an unknown key', { ...device, evry: '1s' }, false],
    ['an unknown option', { ...device, options: { host: 'x', prot: 1 } }, false],
    ['a wrong type', { ...device, options: { host: 'x', port: 'high' } }, false],
    ['a missing option', { name: 'a', driver: 'modbus', options: {} }, false],
    ['missing options', { name: 'a', driver: 'modbus' }, false],
    ['an unknown driver', { ...device, driver: 'mobdus' }, false],
    ['a tag without an address', { ...device, tags: [{ name: 't', type: 'int16' }] }, false],
    ['an unknown column', { ...device, tags: [{ name: 't', type: 'int16', address: 'hr:0', scael: 1 }] }, false],
  ]
  for (const draft of SCHEMA_DRAFTS) {
    for (const [what, entry, valid] of cases) {
      assert.equal(validators[draft]({ version: 1, devices: [entry] }), valid, `${draft}: ${what}`)
    }
  }
  const meter = { name: 'a', template: 'eastron-sdm630', parameters: { host: 'x', unit: 3 } }
  const made: readonly (readonly [what: string, entry: unknown, valid: boolean])[] = [
    ['a device from a template', meter, true],
    [
      'with changes',
      { ...meter, options: { timeout: '9s' }, every: '5s', tags: [{ name: 'power', unit: null }] },
      true,
    ],
    ['a tag that is left out', { ...meter, tags: [{ name: 'power', enabled: false }] }, true],
    ['instances from a file', { template: 'eastron-sdm630', instances: 'meters.csv' }, true],
    ['instances from a list', { template: 'm', instances: [{ name: 'a', unit: 3 }] }, true],
    ['neither a name nor instances', { template: 'm' }, false],
    ['a driver beside the template', { ...meter, driver: 'modbus' }, false],
    ['an unknown key', { ...meter, parameter: {} }, false],
    ['a structure as a parameter', { ...meter, parameters: { host: { a: 1 } } }, false],
  ]
  const template = {
    name: 't',
    driver: 'modbus',
    parameters: { host: null, unit: { type: 'number' } },
    every: '${param:pace}',
  }
  for (const draft of SCHEMA_DRAFTS) {
    for (const [what, entry, valid] of made)
      assert.equal(validators[draft]({ version: 1, devices: [entry] }), valid, `${draft}: ${what}`)
    assert.ok(
      validators[draft]({ version: 1, templates: ['m.yaml', template] }),
      JSON.stringify(validators[draft].errors),
    )
    assert.ok(!validators[draft]({ version: 1, templates: [{ ...template, parameters: { host: { typ: 'text' } } }] }))
  }
  const sink = { name: 's', sink: 'mqtt', options: { url: 'mqtt://x', topic: 'a/{tag}', passwordFile: 'pw' } }
  assert.ok(validators['draft-07']({ version: 1, sinks: [sink] }), JSON.stringify(validators['draft-07'].errors))
})

test('the schema knows `receive`, and refuses what the loader refuses there', () => {
  const good = { listen: '0.0.0.0:7180', clients: [{ name: 'edge-1', tokenFile: 'token' }] }
  const cases: readonly (readonly [what: string, receive: unknown, valid: boolean])[] = [
    ['a client with a token in a file', good, true],
    ['TLS', { ...good, tls: { cert: 'a.crt', key: 'a.key', ca: 'ca.crt' } }, true],
    ['TLS without an authority', { ...good, tls: { cert: 'a.crt', key: 'a.key' } }, false],
    ['no client', { ...good, clients: [] }, false],
    ['a client without a name', { ...good, clients: [{ token: 'x' }] }, false],
    ['an unknown key', { ...good, client: [] }, false],
    ['a template without {device}', { ...good, devices: '{gateway}' }, false],
    ['too many tags', { ...good, maxTags: 1e9 }, false],
  ]
  for (const draft of SCHEMA_DRAFTS)
    for (const [what, receive, valid] of cases)
      assert.equal(validators[draft]({ version: 1, receive }), valid, `${draft}: ${what}`)
})

test('everything a person may write has a description', () => {
  const missing: string[] = []
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    for (const [name, inner] of Object.entries((schema as { properties?: Record<string, object> }).properties ?? {})) {
      const conditional = /\.(if|then)$/.test(path) && name === 'options'
      if (!conditional && !path.endsWith('.if') && !('description' in inner)) missing.push(`${path}.${name}`)
      walk(inner, `${path}.${name}`)
    }
    for (const key of ['items', 'then', 'else', 'if']) walk((schema as Record<string, unknown>)[key], `${path}.${key}`)
    for (const key of ['allOf', 'anyOf'])
      ((schema as Record<string, unknown[]>)[key] ?? []).forEach((one) => walk(one, path))
  }
  for (const one of SCHEMA_DRAFTS) walk(configJsonSchema(drivers, sinks, one), '')
  assert.deepEqual(missing, [])
})

test('the columns of a tag list are the public ones, in their order', () => {
  const header =
    'name,address,type,order,length,unit,every,low,high,scale,offset,clamp,deadband,swingingDoor,spike,staleAfter,maxSilence,writable,writeMin,writeMax,description,symbols,writeValues,writeEvery,writeStep,approval,critical,interlock'
  assert.deepEqual(
    TAG_COLUMNS.map((column) => column.name),
    header.split(','),
  )
})

test('the tag lists of the demo are those of the simulated plant', () => {
  const lists = globSync('simulators/plant/tags/*.csv', { cwd: ROOT })
  assert.equal(lists.length, 3)
  for (const list of lists) {
    const copy = join(ROOT, 'examples', 'demo', basename(list))
    assert.equal(
      readFileSync(copy, 'utf8'),
      readFileSync(join(ROOT, list), 'utf8'),
      `${dirname(list)} and examples/demo differ`,
    )
  }
})
