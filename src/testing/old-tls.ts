/**
 * Old versions of TLS in a process that allows them: run with OpenSSL at security level 0 and Node's own least version at 1.0, so that
 * only what our code says refuses them. Prints, as JSON, who spoke which version with whom.
 */
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { systemClock } from '../core/clock.ts'
import { createModbusServer } from '../protocols/modbus/index.ts'
import { dial } from '../wire/dial.ts'

const [ca = '', cert = '', key = ''] = process.argv.slice(2)
const pem = { cert: readFileSync(cert), key: readFileSync(key) }
const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const

/** The version that both agreed on, or that they did not. */
const spoken = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ca: readFileSync(ca), ...old })
    socket.on('secureConnect', () => resolve(socket.getProtocol() ?? 'none'))
    socket.on('error', () => resolve('refused'))
  })

const device = createServer({ ...pem, ...old }, (socket) => socket.on('error', () => undefined))
device.on('tlsClientError', () => undefined)
await new Promise<void>((resolve) => device.listen(0, '127.0.0.1', resolve))
const { port } = device.address() as AddressInfo
const server = createModbusServer({ unit: () => undefined, clock: systemClock })
const ours = await server.listen(0, '127.0.0.1', { tls: pem })
const dialled = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 5000, tls: { ca } }).then(
  () => 'connected',
  (error: unknown) => (error instanceof Error ? error.message : String(error)),
)
const result = { both: await spoken(port), server: await spoken(ours), client: dialled }
process.stdout.write(JSON.stringify(result), () => process.exit(0))
