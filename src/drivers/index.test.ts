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
  readonly default?: unknown
  readonly properties?: Record<string, OptionSchema>
  readonly required?: readonly string[]
}

/** Options by name, those of a group as `group.option`, each with what stands in the column of defaults. */
function flatten(schema: OptionSchema, prefix = ''): [name: string, fallback: string, words: string | undefined][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    const fallback =
      option.default === undefined
        ? schema.required?.includes(key) === true
          ? '(required)'
          : '–'
        : `\`${typeof option.default === 'string' ? option.default : JSON.stringify(option.default)}\``
    return [[`${prefix}${key}`, fallback, option.description] as const, ...flatten(option, `${prefix}${key}.`)].map(
      ([name, shown, words]): [string, string, string | undefined] => [name, shown, words],
    )
  })
}

test('each driver is found by its name, and no two have the same', () => {
  for (const driver of drivers) assert.equal(driverByName(driver.name), driver)
  assert.equal(driverByName('nosuch'), undefined)
})

for (const driver of drivers) {
  test(`${driver.name}: the README lists every option with its default and its words, and no other`, () => {
    const options = flatten(z.toJSONSchema(driver.options, { io: 'input' }) as OptionSchema)
    const table = readmeOf(driver.name).split('## Options')[1]?.split('## ')[0] ?? ''
    const rows = [...table.matchAll(/^\| `([\w.]+)` +\| (.+?) +\| (.+?) +\|$/gm)].map(([, name, fallback, words]) => [
      name,
      fallback,
      words?.replaceAll('`', ''),
    ])
    assert.deepEqual(rows, options)
  })

  test(`${driver.name}: every example address is in its README`, () => {
    const readme = readmeOf(driver.name)
    for (const example of driver.addressExamples) assert.ok(readme.includes(`\`${example}\``), example)
  })
}
