/** What careless and hostile programs send: texts, values and whole bodies that no schema asked for. */
import fc from 'fast-check'

const deep = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth)

export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '../../../etc/passwd',
  '..\\..\\windows\\win.ini',
  '/etc/passwd',
  '.',
  '..',
  '%2e%2e%2f',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  'Infinity',
  '-0',
  '1e309',
  '99999999999999999999999999',
  '-9223372036854775809',
  '0x10',
  '1_000',
  'true',
  '[]',
  '{}',
  '${jndi:ldap://127.0.0.1/a}',
  "' OR 1=1 --",
  '"; DROP TABLE users; --',
  '<script>alert(1)</script>',
  '=cmd|calc',
  '\r\nSet-Cookie: a=b',
  '\u202Egnp.exe',
  '\uD800',
  '\uFEFFname',
  'e\u0301'.repeat(50),
  '👩‍👩‍👧‍👦',
  '*',
  'press-*/*',
  '(a+)+$',
  'a'.repeat(5000),
  '275760-09-13T00:00:00.000Z',
  '2026-02-30T00:00:00Z',
  '8640000000000001',
  '-1',
]

/** In an address, as it is sent: percent-encoded by some, not at all by others. */
const RAW_STEPS: readonly string[] = [
  '%00',
  '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
  '..%2f..%2f',
  '%252e%252e%252f',
  '%',
  '%zz',
  '%ff%fe',
  '%c0%ae%c0%ae%2f',
  '%E0%A4%A',
  '..;%2f',
  '*',
  ':device',
  'a;b=c',
  '%20',
  '%0d%0a',
  'x'.repeat(3000),
]

/** A text that stays a text. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...HOSTILE_TEXTS), weight: 4 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 60 }), weight: 1 },
)

/** One step of a path, encoded already. */
export const hostileStep: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...RAW_STEPS),
  hostileText.map((text) => encodeURIComponent(text.toWellFormed()) || '%20'),
)

/** Any JSON value, most of them not what was asked for. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    0.1,
    1e308,
    Number.MAX_SAFE_INTEGER + 2,
    [],
    [[]],
    {},
    { constructor: {} },
    { toString: 1 },
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

export interface RawBody {
  readonly type: string | undefined
  readonly text: string
}

const json = (text: string): RawBody => ({ type: 'application/json', text })

/** Bodies that no JSON library would write. */
export const RAW_BODIES: readonly RawBody[] = [
  json(''),
  json('{'),
  json('null'),
  json('[]'),
  json('"text"'),
  json('1e999'),
  json('{"value":1,"value":2}'),
  json('{"__proto__":{"admin":true}}'),
  json('{"constructor":{"prototype":{"admin":true}}}'),
  json('{"a":{"__proto__":null}}'),
  json('{"value":NaN}'),
  json('{"value":123456789012345678901234567890}'),
  json('{"value":-1e400}'),
  json('\uFEFF{}'),
  json('{"\\u0000":"\\u0000"}'),
  json('{"a":"\\ud800"}'),
  json(deep(31, '[', ']')),
  json(deep(40, '[', ']')),
  json(deep(50_000, '[', ']')),
  json('{"a":'.repeat(5000) + '1' + '}'.repeat(5000)),
  json(`{"reason":"${'x'.repeat(200_000)}"}`),
  json(JSON.stringify({ value: 'x'.repeat(1_200_000) })),
  { type: 'application/json; charset=utf-16', text: '{}' },
  { type: 'application/JSON', text: '{}' },
  { type: 'text/plain', text: '{}' },
  { type: 'application/x-www-form-urlencoded', text: 'value=1' },
  { type: 'multipart/form-data; boundary=x', text: '--x\r\n\r\n1\r\n--x--' },
  { type: 'application/xml', text: '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>' },
  { type: 'not a type', text: '{}' },
  { type: '', text: '{}' },
  { type: undefined, text: '{}' },
]
