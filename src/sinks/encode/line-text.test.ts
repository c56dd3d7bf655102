/** Names in line protocol, read back from Debian's InfluxDB: every combination of what its parser could take for something else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { batchOf, tagTable, type Row } from '../../testing/delivery-rig.ts'
import { startInfluxd } from '../../testing/influxd.ts'
import { needs } from '../../testing/peers.ts'
import { keyText, measurementText } from './line-text.ts'
import { MessageEncoder } from './message-encoder.ts'
import { parseTopic } from './topic.ts'

const options = { skip: needs('influxd'), timeout: 60_000 }
const ALPHABET = ['\\', ',', ' ', '=', 'a'] as const

/** Every text of one to `length` characters of the alphabet. */
function combinations(length: number): string[] {
  let last = ['']
  const all: string[] = []
  for (let at = 0; at < length; at++) {
    last = last.flatMap((text) => ALPHABET.map((character) => text + character))
    all.push(...last)
  }
  return all
}

const NAMES = [...combinations(4), 'grüße\\', 'C:\\dir\\', '\\\\server\\share, x', 'two\nlines', 'a\\\n']

/** What a name is afterwards: said here a second time, character by character. */
function expected(name: string): string {
  const characters = name.replaceAll('\n', ' ').split('')
  return characters
    .map((one, at) => (one === '\\' && [undefined, ',', ' ', '='].includes(characters[at + 1]) ? '_' : one))
    .join('')
}

test('telegraf-influx: every tag value comes back, and each line is one point', options, async (t) => {
  const influxd = await startInfluxd(t)
  const tags = tagTable(...NAMES.map((name, at) => `p${at}/${name}`))
  const encoder = new MessageEncoder({
    topic: parseTopic('{device}'),
    slashes: 'replace',
    payload: 'telegraf-influx',
    logId: 'k3f9',
    clientId: 'c',
    tags,
  })
  const { payloads } = encoder.encode(batchOf(NAMES.map((_, at): Row => [at + 1, at])))
  await write(influxd.url, payloads)
  const got = new Map((await influxd.points()).map(({ columns }) => [columns.value, columns]))
  assert.equal(got.size, NAMES.length)
  for (const [at, name] of NAMES.entries()) {
    const { device, tag, log, seq } = got.get(at)!
    assert.deepEqual([device, tag, log, seq], [`p${at}`, expected(name), 'k3f9', at + 1], JSON.stringify(name))
  }
})

test('measurements, tag keys and field keys come back too', options, async (t) => {
  const influxd = await startInfluxd(t)
  const names = combinations(3)
  // The name `a` in front: InfluxDB keeps no measurement or key that is empty or a lone space apart from others.
  const lines = names.flatMap((name, at) => [
    `${measurementText(`a${name}m`)} measured=${at}i ${at + 1}`,
    `keys,${keyText(`k${name}`)}=${at} ${keyText(`f${name}`)}=${at}i ${at + 1}`,
  ])
  await write(influxd.url, lines)
  const points = await influxd.points()
  const measured = new Map(points.map(({ measurement, columns }) => [columns.measured, measurement]))
  const keys = new Map(points.filter(({ measurement }) => measurement === 'keys').map(({ time, columns }) => [Number(time) - 1, columns])) // prettier-ignore
  for (const [at, name] of names.entries()) {
    assert.equal(measured.get(at), expected(`a${name}m`), JSON.stringify(name))
    const { [expected(`k${name}`)]: key, [expected(`f${name}`)]: field } = keys.get(at)!
    assert.deepEqual([key, field], [`${at}`, at], JSON.stringify(name))
  }
})

async function write(url: string, lines: readonly string[]): Promise<void> {
  const answer = await fetch(`${url}/write?db=plant`, { method: 'POST', body: lines.join('\n') })
  assert.equal(answer.status, 204, await answer.text())
}
