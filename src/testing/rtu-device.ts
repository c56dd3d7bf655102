/**
 * An RTU device at the far end of a pseudo terminal, in a process of its own, so that nothing of it wakes the event loop of the
 * process under test. Holding register N of unit 1 holds N.
 */
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'node:test'
import { systemClock } from '../core/clock.ts'
import { RegisterBank, createModbusServer } from '../protocols/modbus/index.ts'
import { eventually, startProcess, temporaryFolder, type RunningProcess } from './peers.ts'

const REGISTERS = 1000

/** The path of a port behind which the device is; ending `socat` is pulling the plug. */
export async function startRtuDevice(t: TestContext): Promise<{ path: string; socat: RunningProcess }> {
  const device = startProcess(t, process.execPath, [fileURLToPath(import.meta.url), '--device'])
  const [, port] = await device.waitFor(/port (\d+)/)
  const path = join(temporaryFolder(t), 'tty')
  const socat = startProcess(t, 'socat', [`pty,raw,echo=0,link=${path}`, `tcp:127.0.0.1:${port},nodelay`])
  await eventually('socat made its port', () => existsSync(path))
  return { path, socat }
}

function runDevice(): void {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: REGISTERS }] })
  for (let address = 0; address < REGISTERS; address++) bank.holdingRegisters.set(address, address)
  const modbus = createModbusServer({ unit: (id) => (id === 1 ? bank : undefined), clock: systemClock })
  const server = createServer({ noDelay: true }, (socket) => modbus.serve(socket, 'rtu'))
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    console.log(`port ${typeof address === 'object' ? address?.port : address}`)
  })
}

if (process.argv.includes('--device')) runDevice()
