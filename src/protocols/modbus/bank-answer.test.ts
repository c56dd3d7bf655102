/** Every function of a register bank beyond the four tables, by PDUs as bytes; order of checks as in the state diagrams. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { VirtualClock, settle } from '../../testing/virtual-clock.ts'
import { RegisterBank, createModbusServer, type BankLayout } from './index.ts'

const LAYOUT: BankLayout = {
  holdingRegisters: [{ address: 0, count: 4 }],
  exceptionStatus: 0x6d,
  serverId: Uint8Array.of(7, 0xff, 0x41),
  files: [
    { file: 4, records: 10 },
    { file: 3, records: 10_000 },
  ],
  fifos: [0x04de],
}

/** A bank behind a server: `ask` gives the response PDU to a request PDU, both as hex text. */
function serveBank(layout: BankLayout = LAYOUT) {
  const { near, far } = duplexPair()
  const bank = new RegisterBank(layout)
  createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: new VirtualClock() }).serve(far)
  let answer = ''
  near.on('data', (chunk: Buffer) => (answer += chunk.subarray(7).toString('hex')))
  const ask = async (text: string) => {
    const pdu = Buffer.from(text.replaceAll(' ', ''), 'hex')
    answer = ''
    near.write(Buffer.concat([Buffer.from([0, 1, 0, 0, 0, pdu.length + 1, 1]), pdu]))
    await settle()
    return answer
  }
  return { ask, bank }
}

const hex = (text: string) => text.replaceAll(' ', '').toLowerCase()

const ANSWERS: [string, string, string][] = [
  ['exception status', '07', '07 6D'],
  ['exception status with a byte too many: 03', '07 00', '87 03'],
  ['loopback of any length', '08 0000 A537 0102', '08 0000 A537 0102'],
  ['a reserved sub-function: 01', '08 0013 0000', '88 01'],
  ['listen only mode, which is for serial lines: 01', '08 0004 0000', '88 01'],
  ['a counter asked with data that is not 0: 03', '08 000B 0001', '88 03'],
  ['diagnostics without data: 03', '08 000B', '88 03'],
  ['read past 65535 in one with a write: 02', '17 FFFF 0002 0000 0001 02 0000', '97 02'],
  ['read in one with a write past 65535: 02', '17 0000 0001 FFFF 0002 04 00000000', '97 02'],
  ['read too many past 65535 in one with a write: 03', '17 FFFF 007E 0000 0001 02 0000', '97 03'],
  ['server id', '11', '11 03 07FF41'],
  ['read two groups of files', '14 0E 06 0004 0001 0001 06 0003 270F 0001', '14 08 03 06 0B0C 03 06 FFFE'],
  ['read a file that is not there: 02', '14 07 06 0005 0000 0001', '94 02'],
  ['read past the end of a file: 02', '14 07 06 0004 0009 0002', '94 02'],
  ['read with another reference type: 02', '14 07 05 0004 0000 0001', '94 02'],
  ['read with a byte count that is no multiple of 7: 03', '14 08 06 0004 0000 0001 00', '94 03'],
  ['read nothing: 03', '14 00', '94 03'],
  ['read more than fits: 03', '14 07 06 0003 0000 007A', '94 03'],
  ['write to a file', '15 0B 06 0004 0007 0002 06AF04BE', '15 0B 06 0004 0007 0002 06AF04BE'],
  ['write past the end of a file: 02', '15 0B 06 0004 0009 0002 06AF04BE', '95 02'],
  ['write with a byte count that lies: 03', '15 0C 06 0004 0007 0002 06AF04BE', '95 03'],
  ['write nothing: 03', '15 00', '95 03'],
  ['FIFO queue', '18 04DE', '18 0006 0002 01B8 1284'],
  ['FIFO queue that is not there: 02', '18 04DF', '98 02'],
]
for (const [what, request, response] of ANSWERS) {
  test(`bank: ${what}`, async () => {
    const { ask, bank } = serveBank()
    bank.files.block(4, 1, 1)[0] = 0x0b0c
    bank.files.block(3, 9999, 1)[0] = 0xfffe
    bank.fifos.get(0x04de)!.push(0x01b8, 0x1284)
    assert.equal(await ask(request), hex(response))
  })
}

test('what a bank does not have answers 01, whatever the quantities', async () => {
  const { ask } = serveBank({ holdingRegisters: [{ address: 0, count: 1 }] })
  for (const request of ['07', '11', '14 00', '15 00', '18 0000', '2B 0E 09 00'])
    assert.equal(await ask(request), (parseInt(request.slice(0, 2), 16) | 0x80).toString(16) + '01')
})

test('a queue of 31 registers is read and kept, one of 32 answers 03', async () => {
  const { ask, bank } = serveBank()
  const queue = bank.fifos.get(0x04de)!
  for (let i = 0; i < 31; i++) queue.push(i)
  assert.match(await ask('18 04DE'), /^180040001f00000001.*001e$/)
  assert.equal(queue.length, 31)
  queue.push(31)
  assert.equal(await ask('18 04DE'), '9803')
})

test('a group that cannot be written leaves the groups before it as they were', async () => {
  const { ask, bank } = serveBank()
  assert.equal(await ask('15 12 06 0004 0000 0001 1111 06 0005 0000 0001 2222'), '9502')
  assert.equal(bank.files.block(4, 0, 1)[0], 0)
  assert.equal(
    await ask('15 12 06 0004 0000 0001 1111 06 0004 0001 0001 2222'),
    hex('15 12 06 0004 0000 0001 1111 06 0004 0001 0001 2222'),
  )
  assert.deepEqual([...bank.files.block(4, 0, 2)], [0x1111, 0x2222])
})

test('counters: messages, exceptions, completed ones; functions 8, 11 and 12 agree; cleared and restarted', async () => {
  const { ask, bank } = serveBank()
  await ask('03 0000 0001')
  await ask('03 0000 0001')
  await ask('03 0063 0001')
  assert.equal(await ask('0B'), hex('0B 0000 0002'))
  // Asking for the counter is not counted by it.
  assert.equal(await ask('0B'), hex('0B 0000 0002'))
  assert.equal(await ask('08 000D 0000'), hex('08 000D 0001'))
  assert.equal(await ask('08 000E 0000'), hex('08 000E 0007'))
  // 6.10: the newest first; 80 received, 40 sent, 41 sent with exceptions 1 to 3.
  assert.equal(await ask('0C'), hex('0C 15 0000 0004 0008') + '80' + '4080'.repeat(4) + '4180' + '4080'.repeat(2))
  bank.diagnosticRegister = 0x1234
  assert.equal(await ask('08 0002 0000'), hex('08 0002 1234'))
  await ask('08 000A 0000')
  assert.equal(await ask('08 0002 0000'), hex('08 0002 0000'))
  assert.equal(await ask('08 000D 0000'), hex('08 000D 0000'))
  // 6.8.1, sub-function 1: the log stays, or goes as well.
  await ask('08 0001 0000')
  assert.ok((await ask('0C')).length > 60)
  await ask('08 0001 FF00')
  assert.equal(await ask('0C'), hex('0C 09 0000 0001 0001 80 40 00'))
  bank.diagnostics.overruns = 3
  assert.equal(await ask('08 0012 0000'), hex('08 0012 0003'))
  await ask('08 0014 0000')
  assert.equal(await ask('08 0012 0000'), hex('08 0012 0000'))
})

test('the log keeps the newest 64 events', async () => {
  const { ask } = serveBank()
  for (let i = 0; i < 40; i++) await ask('03 0000 0001')
  await ask('03 0063 0001')
  const log = await ask('0C')
  assert.equal(log.length / 2, 2 + 6 + 64)
  assert.ok(log.startsWith(hex('0C 46 0000 0028 002A 80 41 80 40')))
})

test('a mask write keeps what the AND mask names and takes the rest from the OR mask; a refused read in one with a write writes nothing', async () => {
  const { ask, bank } = serveBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  bank.holdingRegisters.set(4, 0x12)
  // The example of 6.16, and an OR mask that reaches into what is kept.
  assert.equal(await ask('16 0004 00F2 0025'), hex('16 0004 00F2 0025'))
  assert.equal(bank.holdingRegisters.get(4), 0x17)
  await ask('16 0004 00FF FF00')
  assert.equal(bank.holdingRegisters.get(4), 0xff17)
  await ask('16 0004 FFFF 0000')
  await ask('16 0004 FF00 FFFF')
  assert.equal(bank.holdingRegisters.get(4), 0xffff)
  await ask('16 0004 FF00 FF12')
  assert.equal(bank.holdingRegisters.get(4), 0xff12)
  assert.equal(await ask('17 0009 0002 0004 0001 02 0001'), hex('97 02'))
  assert.equal(bank.holdingRegisters.get(4), 0xff12)
})
