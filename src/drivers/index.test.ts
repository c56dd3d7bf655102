/** The registry, and that each driver's README, options and examples say the same as its code. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { driverByName, drivers } from './index.ts'

const readmeOf = (name: string): string => readFileSync(join(import.meta.dirname, name, 'README.md'), 'utf8')

interface OptionSchema {
  readonly description?: string
  readonly default?: string | number | boolean
}

test('each driver is found by its name, and no two have the same', () => {
  for (const driver of drivers) assert.equal(driverByName(driver.name), driver)
  assert.equal(driverByName('nosuch'), undefined)
})

for (const driver of drivers) {
  test(`${driver.name}: the README lists every option with its default and its words, and no other`, () => {
    const schema = z.toJSONSchema(driver.options, { io: 'input' })
    const options = Object.entries((schema.properties ?? {}) as Record<string, OptionSchema>)
    const table = readmeOf(driver.name).split('## Options')[1]?.split('## ')[0] ?? ''
    const rows = new Map(
      [...table.matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/gm)].map(([, name, fallback, words]) => [
        name,
        { fallback, words },
      ]),
    )
    assert.deepEqual(
      [...rows.keys()],
      options.map(([name]) => name),
    )
    for (const [name, option] of options) {
      const { fallback, words } = rows.get(name)!
      assert.equal(fallback, option.default === undefined ? '(required)' : `\`${String(option.default)}\``, name)
      assert.equal(words?.replaceAll('`', ''), option.description, name)
    }
  })

  test(`${driver.name}: every example address is in its README`, () => {
    const readme = readmeOf(driver.name)
    for (const example of driver.addressExamples) assert.ok(readme.includes(`\`${example}\``), example)
  })
}
