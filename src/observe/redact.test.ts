import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { isSecret, layersOf } from '../config/option-marks.ts'
import { secretEraser } from '../config/running-secrets.ts'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { ecsProblems } from '../testing/ecs.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { keepLog } from './logbook/logbook.ts'
import { createLogger } from './log.ts'
import { redactText } from './redact.ts'

type Path = readonly string[]

/** The paths of all options that are marked as secret. */
function secretPaths(schema: z.core.$ZodType, at: Path = []): Path[] {
  if (isSecret(schema)) return [at]
  const inner = layersOf(schema).at(-1)
  if (!(inner instanceof z.ZodObject)) return []
  return Object.entries(inner.shape).flatMap(([key, one]) => secretPaths(one as z.core.$ZodType, [...at, key]))
}

const nested = (path: Path, value: string): object =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object

const OPTIONS = [...drivers, ...sinks].flatMap((type) => secretPaths(type.options).map((path) => ({ type, path })))

function speak(secret: string, erase: (text: string) => string) {
  const lines: string[] = []
  const inner = createLogger({
    level: 'debug',
    format: 'json',
    destination: { write: (line: string) => lines.push(line) },
  })
  const { log, records, hide } = keepLog(inner, 'debug', new VirtualClock())
  hide(erase)
  const error = Object.assign(new Error(`refused ${secret}`, { cause: new Error(secret) }), { code: secret })
  const options = { deep: [{ [secret]: 1, text: `a ${secret} b` }], headers: { authorization: `Bearer ${secret}` } }
  log.warn(
    { error, url: `https://eve:${encodeURIComponent(secret)}@host/?token=${encodeURIComponent(secret)}` },
    `no: ${secret}`,
  )
  log.child({ state: `x ${secret}`, reason: secret }).error({ err: error, details: options }, JSON.stringify(options))
  log.info({ urls: [`mqtt://eve:${secret}@host`], file: secret, address: secret }, `Cookie: session=${secret}`)
  return { lines, kept: [...records.oldestFirst({})].map((record) => JSON.stringify(record)) }
}

const word = fc
  .string({ minLength: 6, maxLength: 40, unit: fc.constantFrom(...Array.from('abcXYZ019"\\/&+=%.äß€ -_:;,{}[]')) })
  // What is made of blanks and signs alone stands in every sentence.
  .filter((text) => /[a-zA-Z0-9äß€]{3}/.test(text) && text === text.trim() && !/^[\w ]*$/.test(text))

test('there are secret options to judge', () => assert.ok(OPTIONS.length >= 8, `${OPTIONS.length}`))

test('no secret of any option reaches a line or the memory of the log, by whatever way, and lines stay of ECS', () => {
  fc.assert(
    fc.property(fc.nat(OPTIONS.length - 1), word, (at, secret) => {
      const { type, path } = OPTIONS[at]!
      const part = { name: 'x', type, options: nested(path, secret) }
      const config = { devices: [part], sinks: [], access: {} } as unknown as Config
      const { lines, kept } = speak(secret, secretEraser(config))
      assert.equal(lines.length, 3)
      for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
        for (const line of [...lines, ...kept]) {
          const texts = JSON.stringify(JSON.parse(line), (_key, value: unknown) => value)
          assert.ok(!line.includes(form) && !texts.includes(form), `${path.join('.')}: ${form} in ${line}`)
        }
      assert.deepEqual(lines.flatMap(ecsProblems), [])
    }),
    { numRuns: 300 },
  )
})

test('control: without the eraser they are there', () => {
  const { lines } = speak('Xy/4711"abc', (text) => text)
  assert.ok(lines.join('').includes('Xy/4711'))
})

test('what follows a word that says that a secret comes is blanked, and sentences about such words stay', () => {
  const hidden = [
    'Authorization: Bearer abc.def-123456',
    'sent Basic dXNlcjpwYXNzMTIz to it',
    'GET /setup?token=abc123def',
    'password=hunter22 was refused',
    '{"apiKey":"hunter22"}',
    'Set-Cookie: session=abc123; Path=/',
    '-----BEGIN PRIVATE KEY-----\nMIIabc123\n-----END PRIVATE KEY-----',
  ]
  for (const text of hidden) assert.doesNotMatch(redactText(text), /abc|hunter|dXNl/, text)
  const shown = ['Basic authentication is off.', 'The token is not valid: it is unknown.', 'the password of x is wrong']
  for (const text of shown) assert.equal(redactText(text), text)
})
