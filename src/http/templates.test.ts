/** The library of known devices over the API: each with tags that a tag list takes as they are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readTagSketch } from '../config/tag-sketch.ts'
import { drivers } from '../drivers/index.ts'
import { startPlant } from '../testing/people.ts'

interface Template {
  readonly name: string
  readonly driver: string
  readonly options: Readonly<Record<string, unknown>>
  readonly tags: readonly Readonly<Record<string, string>>[]
}

test('every template is there, and every one of its tags is a tag', async (t) => {
  const plant = await startPlant(t)
  const anna = await plant.person('anna', 'engineer')
  const answer = await plant.ask('/api/v1/templates', anna)
  const { templates } = (await answer.json()) as { templates: readonly Template[] }
  assert.ok(templates.length >= 13)
  const meter = templates.find(({ name }) => name === 'eastron-sdm630')!
  assert.deepEqual(meter.options, { maxRegisters: 60 })
  assert.deepEqual(meter.tags[0], { name: 'voltage-l1', address: 'ir:0', type: 'float32', unit: 'V', description: 'phase 1 to neutral' }) // prettier-ignore
  for (const { name, driver, tags } of templates) {
    const type = drivers.find((one) => one.name === driver)!
    assert.ok(tags.length > 0, name)
    for (const tag of tags) assert.deepEqual(readTagSketch(type, tag).faults, [], `${name} ${tag.name}`)
  }
})
