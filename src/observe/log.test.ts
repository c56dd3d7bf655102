import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { createLogger, logFormat, wantsColour } from './log.ts'

function capture(format: 'json' | 'human', level: 'debug' | 'info' | 'warn' = 'info') {
  const lines: string[] = []
  const destination = { write: (line: string) => lines.push(line) }
  return { lines, log: createLogger({ level, format, version: '1.2.3', destination, colour: false }) }
}

test('a JSON line has the names of the Elastic Common Schema, own fields under bifrost', () => {
  const { lines, log } = capture('json')
  log.child({ logger: 'polling', device: 'press-1' }).warn({ code: 'TIMEOUT' }, 'press-1 does not answer')
  assert.equal(lines.length, 1)
  const { '@timestamp': time, 'host.hostname': host, ...rest } = JSON.parse(lines[0]!) as Record<string, unknown>
  assert.equal(rest['service.node.name'], host)
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(rest, {
    'log.level': 'warn',
    'ecs.version': '9.4.0',
    'event.dataset': 'bifrost.log',
    'process.pid': process.pid,
    'service.name': 'bifrost',
    'service.node.name': host,
    'service.type': 'bifrost',
    'service.version': '1.2.3',
    'log.logger': 'polling',
    'bifrost.device': 'press-1',
    'bifrost.code': 'TIMEOUT',
    message: 'press-1 does not answer',
  })
})

test('an error becomes type, message, code and stack', () => {
  const { lines, log } = capture('json')
  log.error({ error: new GatewayError('STORE_FAILED', 'disk full') }, 'cannot write')
  const line = JSON.parse(lines[0]!) as Record<string, unknown>
  assert.equal(line['error.type'], 'GatewayError')
  assert.equal(line['error.message'], 'disk full')
  assert.equal(line['error.code'], 'STORE_FAILED')
  assert.match(String(line['error.stack_trace']), /log\.test\.ts/)
})

for (const format of ['json', 'human'] as const) {
  test(`secrets never reach the ${format} log: by field name, nested, in URLs, in the sentence and in errors`, () => {
    const { lines, log } = capture(format)
    const options = {
      user: 'bob',
      password: 'hunter2',
      tls: { keyPassphrase: 'hunter3' },
      list: [{ apiKey: 'hunter4', passwords: ['hunter9'], psk: 'hunter0' }],
    }
    log
      .child({ details: { token: 'hunter5' } })
      .info({ details: { options }, url: 'mqtt://bob:hunter6@broker:1883/' }, 'to mqtt://bob:hunter7@b')
    log.error({ error: new Error('no route to amqp://x:hunter8@y') }, 'failed')
    const text = lines.join('')
    assert.doesNotMatch(text, /hunter\d/)
    assert.match(text, /bob/)
    assert.match(text, /broker:1883/)
  })

  test(`levels below the chosen one are not written to the ${format} log`, () => {
    const { lines, log } = capture(format, 'warn')
    log.debug({}, 'a')
    log.info({}, 'b')
    log.warn({}, 'c')
    log.error({}, 'd')
    assert.equal(lines.length, 2)
  })

  test(`a cyclic object does not stop the ${format} log`, () => {
    const { lines, log } = capture(format)
    const cyclic: Record<string, unknown> = { big: 1n }
    cyclic.self = cyclic
    log.info({ details: cyclic }, 'still here')
    assert.match(lines[0]!, /still here/)
  })
}

test('a human line is one line: what a device sent cannot break it or move the cursor', () => {
  const { lines, log } = capture('human')
  log.info({ device: 'press 1', name: 'a\nb\u001b[2J' }, 'said \u001b[31mred\nsecond')
  assert.match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}said \\u001b\[31mred\\nsecond {2}device="press 1" name=/)
  assert.equal(lines[0]!.indexOf('\n'), lines[0]!.length - 1)
  assert.ok(!lines[0]!.includes('\u001b'))
})

test('colours follow the terminal, NO_COLOR, FORCE_COLOR and a dumb terminal; the format follows the terminal', () => {
  assert.equal(wantsColour({}, { isTTY: true }), true)
  assert.equal(wantsColour({}, { isTTY: false }), false)
  assert.equal(wantsColour({ NO_COLOR: '1' }, { isTTY: true }), false)
  assert.equal(wantsColour({ NO_COLOR: '' }, { isTTY: true }), true)
  assert.equal(wantsColour({ TERM: 'dumb' }, { isTTY: true }), false)
  assert.equal(wantsColour({ FORCE_COLOR: '1' }, { isTTY: false }), true)
  assert.equal(wantsColour({ FORCE_COLOR: '1', NO_COLOR: '1' }, { isTTY: true }), false)
  assert.equal(logFormat({ isTTY: true }), 'human')
  assert.equal(logFormat({}), 'json')
})
