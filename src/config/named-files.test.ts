/** Files that options name: found beside the configuration, and looked for, with the real drivers and sinks. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { z } from 'zod'
import { defineSink } from '../core/sink.ts'
import { fileOption } from '../core/tls-options.ts'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { bifrost } from '../testing/gateway-process.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { ConfigError, formatProblem } from './problem.ts'

const YAML = `version: 1
devices:
  - name: press-1
    driver: modbus
    options:
      host: 10.0.0.5
      transport: tls
      tls: { ca: certs/ca.pem, cert: certs/own.pem, key: /nowhere/own.key }
    tags: []
sinks:
  - name: cloud
    sink: mqtt
    options: { url: 'mqtts://broker:8883', ca: certs }
`

/** The file in a folder of its own, with `certs/ca.pen` and `certs/own.pem` beside it. */
function written(t: TestContext, yaml = YAML): { folder: string; file: string } {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'certs'))
  for (const name of ['ca.pen', 'own.pem']) writeFileSync(join(folder, 'certs', name), '-----BEGIN ')
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, yaml)
  return { folder, file }
}

/** What is said of them, in the order of the file. */
const expected = (folder: string, file: string) => [
  `${file}:8:18 devices[0].options.tls.ca: there is no file ${folder}/certs/ca.pem, did you mean ${folder}/certs/ca.pen?`,
  `${file}:8:58 devices[0].options.tls.key: there is no file /nowhere/own.key`,
  `${file}:13:48 sinks[0].options.ca: ${folder}/certs is a folder: expected a file`,
]

test('`check` refuses a configuration whose certificates are missing, each at its place, with the path that it looked at', async (t) => {
  const { folder, file } = written(t)
  const { code, out, err } = await bifrost('check', file)
  assert.equal(code, 78, err)
  assert.deepEqual(out.trim().split('\n'), expected(folder, file))
})

test('elsewhere they are warnings, as they may come later; a path is that of a file beside the configuration', async (t) => {
  const { folder, file } = written(t)
  const { warnings, devices, sinks: found } = await loadConfig(file, { drivers, sinks, env: {} })
  assert.deepEqual(warnings.map(formatProblem), expected(folder, file))
  const { tls } = devices[0]!.options as { tls: Record<string, unknown> }
  assert.deepEqual([tls.ca, tls.cert, tls.key], [`${folder}/certs/ca.pem`, `${folder}/certs/own.pem`, '/nowhere/own.key']) // prettier-ignore
  assert.equal((found[0]!.options as { ca: string }).ca, `${folder}/certs`)
})

test('a plug-in has all this by the type of its option alone, and a device of a template too', async (t) => {
  const post = defineSink({
    name: 'post',
    summary: 'for this test',
    options: z.object({ to: z.object({ stamp: fileOption().optional().describe('…') }).prefault({}) }),
    create: () => assert.fail('nothing is created by a check'),
  })
  const { folder, file } = written(
    t,
    `version: 1
templates: [meter.yaml]
devices:
  - { name: a, template: meter, parameters: { host: x } }
  - { name: b, template: meter, parameters: { host: y } }
sinks: [{ name: p, sink: post, options: { to: { stamp: '\${STAMP}' } } }]
`,
  )
  const template = 'name: meter\nsummary: a meter\nsource: { document: none }\ndriver: modbus\nparameters: { host: { description: where } }\noptions: { host: "${param:host}", transport: tls, tls: { ca: gone.pem } }\ntags: [{ name: a, address: hr:0, type: uint16 }]\n' // prettier-ignore
  writeFileSync(join(folder, 'meter.yaml'), template)
  const sources = { drivers, sinks: [post], env: { STAMP: 'stamps/a' } }
  const { warnings } = await loadConfig(file, sources)
  assert.deepEqual(
    warnings.map(({ message }) => message.replace(/ \(.*/, '')),
    [`there is no file ${folder}/gone.pem`, `there is no file ${folder}/stamps/a`],
    'once, however many devices have it',
  )
  await assert.rejects(loadConfig(file, { ...sources, requireFiles: true }), (error: unknown) => {
    assert.ok(error instanceof ConfigError)
    assert.ok(error.problems.some(({ message }) => message.startsWith(`there is no file ${folder}/gone.pem`)))
    return true
  })
})
