/** The examples of the presets' README are configurations: `bifrost check` takes each, and says what is wrong when it is bent. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bifrost } from '../src/testing/gateway-process.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

const README = join(import.meta.dirname, '..', 'src', 'sinks', 'mqtt', 'presets', 'README.md')
const examples = [...readFileSync(README, 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml!)

const DEVICES = `version: 1
devices:
  - { name: press-1, driver: simulated, tags: [{ name: level, address: 'sine:period=10s,min=0,max=10', type: float64 }] }
`

test('there is an example a preset', () => {
  const presets = examples.map((yaml) => /preset: (\S+)/.exec(yaml)![1])
  assert.deepEqual(presets, ['aws-iot-core', 'azure-iot-hub', 'azure-event-grid', 'clearblade'])
})

for (const yaml of examples) {
  const [, preset] = /preset: (\S+)/.exec(yaml)!
  test(`${preset}: the example is valid`, async (t) => {
    const folder = temporaryFolder(t)
    for (const [, file] of yaml.matchAll(/(?:ca|cert|key|jwtKey): (\S+)/gi)) writeFileSync(join(folder, file!), '')
    const file = join(folder, 'bifrost.yaml')
    writeFileSync(file, DEVICES + yaml)
    const good = await bifrost('check', file)
    assert.deepEqual([good.code, good.err], [0, ''], good.out)
    writeFileSync(file, DEVICES + yaml.replace('mqtts://', 'mqtt://') + '      qos: 2\n')
    const bad = await bifrost('check', file)
    assert.equal(bad.code, 78)
    assert.match(bad.out, /options\.url: .* is reached by mqtts:\/\//)
    assert.match(bad.out, /options\.qos: .* takes a quality of service of at most 1/)
  })
}
