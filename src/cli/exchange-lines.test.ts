/** Traced exchanges as people see them, in a pipe and in a terminal of 80 columns. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driverByName } from '../drivers/index.ts'
import { viewExchanges } from '../observe/trace/exchange-view.ts'
import { exchangeLines } from './exchange-lines.ts'

const plain = (_style: unknown, text: string): string => text
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

const SENT_AT = Date.parse('2026-11-23T10:00:00.250Z')

function lines(request: string | undefined, response: string | undefined, error: string | undefined, width: number) {
  const exchange = {
    protocol: 'modbus/tcp',
    endpoint: '10.0.0.5:502',
    sentAt: SENT_AT,
    request: request === undefined ? undefined : bytes(request),
    receivedAt: response === undefined ? undefined : SENT_AT + 0.435,
    response: response === undefined ? undefined : bytes(response),
    error,
  }
  const [view] = viewExchanges([{ number: 1, exchange }], driverByName('modbus')!, {})
  return exchangeLines(view!, width, plain)
}

const READ = '0001 0000 0006 01 03 0000 0002'

test('in a pipe each frame is one line, with its hex', () => {
  assert.deepEqual(lines(READ, '0001 0000 0007 01 03 04 42A0 0000', undefined, Infinity), [
    '10:00:00.250 → unit 1 Read Holding Registers (03) address 0 count 2  000100000006010300000002',
    '   +0.435 ms ← unit 1 Read Holding Registers (03) registers 42A0 0000  00010000000701030442A00000',
  ])
})

test('in a terminal nothing is wider than it is, and no byte of the hex is lost or cut', () => {
  const long = `0001 0000 00FD 01 03 FA ${'1234'.repeat(125)}`
  const shown = lines('0001 0000 0006 01 03 0000 007D', long, undefined, 80)
  assert.deepEqual(
    shown.filter((line) => line.length > 80),
    [],
  )
  assert.deepEqual(shown.slice(0, 2), [
    '10:00:00.250 → unit 1 Read Holding Registers (03) address 0 count 125',
    '               00010000000601030000007D',
  ])
  const hex = shown.slice(2).flatMap((line) => /^ +([0-9A-F]{2,})$/.exec(line)?.[1] ?? [])
  assert.equal(hex.join(''), long.replaceAll(' ', ''))
  assert.ok(hex.every((part) => part.length % 2 === 0))
})

test('what went wrong is said once', () => {
  assert.deepEqual(lines(READ, undefined, 'no answer within 1000 ms', 80).slice(-1), [
    '             ✗ no answer within 1000 ms',
  ])
  const exception = lines(READ, '0001 0000 0003 01 83 02', undefined, Infinity)
  assert.equal(exception.length, 2)
  assert.match(exception[1]!, /exception 02 ILLEGAL DATA ADDRESS/)
  const stray = lines(undefined, '0007 0000 0003 01 83 02', 'answers nothing that was asked', Infinity)
  assert.match(stray[0]!, /^10:00:00\.250 ← /)
  assert.match(stray[1]!, /✗ answers nothing that was asked/)
})
