/**
 * Random edits of random files as people keep them: comments everywhere, flow and block, quotes, odd indentation, CRLF, a byte order mark,
 * CSV with semicolons. After each edit the configuration is the one before with just that change, and every byte that was not meant is there.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { TagSettings } from '../../core/tags.ts'
import { drivers } from '../../drivers/index.ts'
import { temporaryFolder } from '../../testing/peers.ts'
import type { Config } from '../config.ts'
import { loadConfig } from '../load.ts'
import { editConfig } from './edit-config.ts'
import type { ConfigEdit } from './object-name.ts'
import { writeChanges } from './write-changes.ts'

const SOURCES = { drivers, sinks: [], env: {} }

interface TagModel {
  name: string
  address: string
  type: string
  unit?: string
}
interface DeviceModel {
  name: string
  host: string
  unit: number
  timeout: number
  tags: TagModel[]
}
/** How a person wrote a device down. */
interface Style {
  readonly flow: boolean
  readonly list: 'csv' | 'flow' | 'block'
  readonly quote: '' | "'" | '"'
  readonly comment: string
  readonly blank: boolean
  readonly step: number
}
interface Written {
  readonly devices: readonly DeviceModel[]
  readonly styles: readonly Style[]
  readonly crlf: boolean
  readonly mark: boolean
  readonly end: boolean
}

const anyTags = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('level', 'flow', 'pump 1', 'T_out', 'energi-målt', '40001'),
    address: fc.nat(500).map((at) => `hr:${at}`),
    type: fc.constantFrom('int16', 'uint16'),
    unit: fc.constantFrom('bar', '°C', '%', 'm³/h', 'kW', 'a,b', 'x;y'),
  }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
)
const anyStyle = fc.record({
  flow: fc.boolean(),
  list: fc.constantFrom('csv', 'flow', 'block'),
  quote: fc.constantFrom('', "'", '"'),
  comment: fc.constantFrom('', '  # by Kari', ' # { not: flow }', '\t# tab', ' #'),
  blank: fc.boolean(),
  step: fc.constantFrom(2, 3, 4),
}) as fc.Arbitrary<Style>
const anyWritten: fc.Arbitrary<Written> = fc.record({
  devices: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'press-1', 'Fräse', 'no', '7', 'x: y'),
      host: fc.constantFrom('10.0.0.1', 'plc.example'),
      unit: fc.integer({ min: 1, max: 200 }),
      timeout: fc.integer({ min: 1, max: 9 }),
      tags: anyTags,
    }),
    { selector: ({ name }) => name, minLength: 1, maxLength: 3 },
  ),
  styles: fc.array(anyStyle, { minLength: 3, maxLength: 3 }),
  crlf: fc.boolean(),
  mark: fc.boolean(),
  end: fc.boolean(),
})

/** What is wanted, by number: which device, which tag, what. */
const anyWish = fc.record({
  what: fc.constantFrom(
    'unit',
    'timeout',
    'tag-set',
    'tag-unset',
    'tag-add',
    'tag-remove',
    'device-add',
    'device-remove',
  ),
  device: fc.nat(10),
  tag: fc.nat(10),
  number: fc.integer({ min: 1, max: 200 }),
  text: fc.constantFrom('mbar', '#', "it's", '"', ' ', 'a: b', '- x', 'ü', 'yes', '1e3', '{', '*a', 'a;b', 'a,b', '%'),
})

test('property: an edit changes what it should and not a byte beside it', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyWritten, fc.array(anyWish, { minLength: 1, maxLength: 4 }), (written, wishes) =>
      tryEdits(t, written, wishes),
    ),
    { numRuns: 120 },
  )
})

async function tryEdits(t: TestContext, written: Written, wishes: readonly Wish[]): Promise<void> {
  const folder = temporaryFolder(t)
  const file = join(folder, 'bifrost.yaml')
  const model = structuredClone(written.devices) as DeviceModel[]
  for (const [name, text] of Object.entries(render(written))) writeFileSync(join(folder, name), text)
  assert.deepEqual(seen(await loadConfig(file, SOURCES)), expected(model), 'as it was written')
  for (const [turn, wish] of wishes.entries()) {
    const edit = wanted(wish, model, turn)
    if (edit === undefined) continue
    const { changes, config } = await editConfig(file, [edit], SOURCES)
    const before = new Map(changes.map((change) => [change.file, change.was]))
    await writeChanges(changes)
    const what = JSON.stringify(edit)
    assert.deepEqual(seen(config), expected(model), what)
    assert.deepEqual(seen(await loadConfig(file, SOURCES)), expected(model), what)
    for (const [changed, was] of before) assertSpliced(was, readFileSync(changed, 'utf8'), edit)
  }
}

type Wish = typeof anyWish extends fc.Arbitrary<infer One> ? One : never

/** The edit, and the model changed as it should change; undefined where there is nothing to do. */
function wanted(wish: Wish, model: DeviceModel[], turn: number): ConfigEdit | undefined {
  const device = model[wish.device % model.length]
  if (wish.what === 'device-add') {
    const entry = { name: `new-${turn}`, driver: 'modbus', options: { host: 'h', unit: wish.number, timeout: '2s' } }
    model.push({ name: entry.name, host: 'h', unit: wish.number, timeout: 2, tags: [] })
    return { do: 'add', kind: 'device', entry, into: 'bifrost.yaml' }
  }
  if (device === undefined) return undefined
  const object = { kind: 'device', name: device.name } as const
  if (wish.what === 'unit') {
    device.unit = wish.number
    return { do: 'set', object, setting: ['options', 'unit'], value: wish.number }
  }
  if (wish.what === 'timeout') {
    device.timeout = wish.number % 10 || 1
    return { do: 'set', object, setting: ['options', 'timeout'], value: `${device.timeout}s` }
  }
  if (wish.what === 'device-remove') {
    model.splice(model.indexOf(device), 1)
    return { do: 'remove', object }
  }
  if (wish.what === 'tag-add') {
    const entry = { name: `tag ${turn}`, address: `hr:${wish.number}`, type: 'int16', ...unitOf(wish.text) }
    device.tags.push({ ...entry })
    return { do: 'add', kind: 'tag', device: device.name, entry }
  }
  const tag = device.tags[wish.tag % (device.tags.length || 1)]
  if (tag === undefined) return undefined
  const tagObject = { kind: 'tag', device: device.name, name: tag.name } as const
  if (wish.what === 'tag-remove') {
    device.tags.splice(device.tags.indexOf(tag), 1)
    return { do: 'remove', object: tagObject }
  }
  if (wish.what === 'tag-unset') {
    if (tag.unit === undefined) return undefined
    delete tag.unit
    return { do: 'unset', object: tagObject, setting: ['unit'] }
  }
  const given = unitOf(wish.text)
  if (given.unit === undefined) return undefined
  tag.unit = given.unit
  return { do: 'set', object: tagObject, setting: ['unit'], value: given.unit }
}

/** A unit of blanks alone is none. */
const unitOf = (text: string): { unit?: string } => (text.trim() === '' ? {} : { unit: text })

/**
 * One stretch of the file is another, or a header and a row of a CSV file: no longer than what was meant. A line end and a comment behind it
 * are as they were.
 */
function assertSpliced(was: string, now: string, edit: ConfigEdit): void {
  if (was === now) return
  let from = 0
  while (from < was.length && was[from] === now[from]) from++
  let end = 0
  while (end < Math.min(was.length, now.length) - from && was.at(-1 - end) === now.at(-1 - end)) end++
  const gone = was.slice(from, was.length - end)
  const come = now.slice(from, now.length - end)
  if (edit.do === 'set' && edit.object.kind === 'device') {
    const longest = JSON.stringify(edit.value).length + 2
    assert.ok(gone.length <= 6 && come.length <= longest, `"${gone}" → "${come}"`)
    assert.doesNotMatch(gone + come, /[\r\n#]/)
  }
  const comments = (text: string) => text.match(/[ \t]#[^\r\n]*/g) ?? []
  if (edit.do === 'set' || edit.do === 'add') assert.deepEqual(comments(gone), [], gone)
  if (edit.do === 'add') assert.equal(gone.trim().replace(/^[[\]]*$/, ''), '', gone)
  if (/\r\n/.test(was)) assert.doesNotMatch(now.replaceAll('\r\n', ''), /\n/, 'line ends')
  assert.equal(was.startsWith('\uFEFF'), now.startsWith('\uFEFF'))
  if (edit.do === 'set') assert.equal(was.endsWith('\n'), now.endsWith('\n'), 'the end of the file')
}

const expected = (model: readonly DeviceModel[]) =>
  model.map(({ name, host, unit, timeout, tags }) => ({
    name,
    host,
    unit,
    timeout: timeout * 1000,
    tags: tags.map(shape),
  }))

const seen = (config: Config) =>
  config.devices.map(({ name, options, tags }) => {
    const { host, unit, timeout } = options as { host: string; unit: number; timeout: number }
    return { name, host, unit, timeout, tags: tags.map(({ settings }) => shape(settings)) }
  })

const shape = ({ name, address, type, unit }: TagModel | TagSettings) => ({ name, address, type, unit })

/** The files as this person wrote them. */
function render({ devices, styles, crlf, mark, end }: Written): Record<string, string> {
  const files: Record<string, string> = {}
  const lines = ['# hall 1', 'version: 1', '', 'devices: # all of them', '  # the first one']
  for (const [at, device] of devices.entries())
    lines.push(...renderDevice(device, styles[at]!, `list ${at}.csv`, files))
  const text = `${lines.join('\n')}${end ? '\n' : ''}`
  const finish = (one: string) => (mark ? '\uFEFF' : '') + (crlf ? one.replaceAll('\n', '\r\n') : one)
  const all = { ...files, 'bifrost.yaml': text }
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, finish(one)]))
}

function renderDevice(device: DeviceModel, style: Style, list: string, files: Record<string, string>): string[] {
  const { name, host, unit, timeout, tags } = device
  const { comment } = style
  const q = (text: string) => (style.quote === "'" ? `'${text}'` : `"${text}"`)
  const tag = (one: TagModel) =>
    `{ name: ${q(one.name)}, address: ${one.address}, type: ${one.type}${one.unit === undefined ? '' : `, unit: "${one.unit}"`} }`
  if (style.list === 'csv') files[list] = renderCsv(tags, style)
  if (style.flow) {
    const inner = style.list === 'csv' ? `"${list}"` : `[${tags.map(tag).join(', ')}]`
    const options = `{ host: ${host}, unit: ${unit}, timeout: ${timeout}s }`
    return [
      `  - { name: ${q(name)}, driver: modbus, options: ${options},   tags: ${inner} }${comment}`,
      ...(style.blank ? [''] : []),
    ]
  }
  const pad = ' '.repeat(style.step)
  const inner =
    style.list === 'csv'
      ? [`    tags: ${list}${comment}`]
      : [
          `    tags:${comment}`,
          ...tags.flatMap((one) =>
            style.list === 'flow'
              ? [`    ${pad}- ${tag(one)}${comment}`]
              : [
                  `    ${pad}- name: ${q(one.name)}${comment}`,
                  `    ${pad}  address: ${one.address}`,
                  `    ${pad}  type:   ${one.type}`,
                  ...(one.unit === undefined ? [] : [`    ${pad}  unit: ${q(one.unit)}${comment}`]),
                ],
          ),
        ]
  return [
    `  - name: ${q(name)}${comment}`,
    '    driver: modbus',
    '    options:',
    `    ${pad}host: ${host}${comment}`,
    `    ${pad}# of the card`,
    `    ${pad}unit:  ${unit}${comment}`,
    `    ${pad}timeout: ${style.quote}${timeout}s${style.quote}${comment}`,
    ...inner,
    ...(style.blank ? ['', '  # the next one'] : []),
  ]
}

function renderCsv(tags: readonly TagModel[], { quote, blank }: Style): string {
  const separator = quote === "'" ? ';' : ','
  const cell = (text: string) => (quote === '"' || /[,;]/.test(text) ? `"${text}"` : text)
  const rows = tags.map(({ name, address, type, unit }) => [name, address, type, unit ?? ''].map(cell).join(separator))
  return [['name', 'address', 'type', 'unit'].join(separator), ...rows, ...(blank ? ['', ''] : [])].join('\n')
}
