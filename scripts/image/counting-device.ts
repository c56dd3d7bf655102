/**
 * A device that counts how often it was read: holding registers 0 and 1 are an unsigned 32-bit number (big-endian words), one more with
 * each answer. A number that it gave and that a log lacks is a lost sample; nothing else can tell so. For deploy/docker/try-container.sh.
 *
 *     bin/launch scripts/image/counting-device.ts --port 5020 [--from 0]
 *
 * Says {"ready":true,…}, and with SIGTERM {"count":N}.
 */
import { parseArgs } from 'node:util'
import { systemClock } from '../../src/core/clock.ts'
import { createModbusServer, RegisterBank } from '../../src/protocols/modbus/index.ts'

const { values } = parseArgs({
  options: { port: { type: 'string', default: '5020' }, from: { type: 'string', default: '0' } },
})
const say = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`)
const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 2 }] })
const registers = bank.holdingRegisters.block(0, 2)
let count = Number(values.from)

const server = createModbusServer({
  clock: systemClock,
  unit: () => bank,
  intercept() {
    count++
    registers[0] = count >>> 16
    registers[1] = count & 0xffff
    return undefined
  },
})
const port = await server.listen(Number(values.port), '127.0.0.1')
process.once('SIGTERM', () => {
  say({ count })
  void server.close().then(() => process.exit(0))
})
say({ ready: true, port })
