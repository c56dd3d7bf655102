/** Devices and sinks of a real gateway that point where they must not: refused in a sentence, and nothing connects there. */
import assert from 'node:assert/strict'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { opcua } from '../src/drivers/opcua/driver.ts'
import { addressRanges } from '../src/core/address-range.ts'
import { sinkByName } from '../src/sinks/index.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { startGatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually } from '../src/testing/peers.ts'

/** Every sink that goes somewhere, at this port. */
const OPTIONS: Record<string, (port: number) => object> = {
  bifrost: (port) => ({ host: '127.0.0.1', port, tls: false, gateway: 'edge-1' }),
  http: (port) => ({ url: `http://127.0.0.1:${port}/in` }),
  influx: (port) => ({ url: `http://127.0.0.1:${port}`, version: 1, database: 'plant' }),
  kafka: (port) => ({ brokers: [`127.0.0.1:${port}`] }),
  mqtt: (port) => ({ url: `mqtt://127.0.0.1:${port}` }),
  nats: (port) => ({ servers: [`nats://127.0.0.1:${port}`] }),
  postgres: (port) => ({ url: `postgres://127.0.0.1:${port}/plant`, username: 'u' }),
  prometheus: (port) => ({ url: `http://127.0.0.1:${port}/api/v1/write` }),
  redis: (port) => ({ url: `redis://127.0.0.1:${port}` }),
  sparkplug: (port) => ({ urls: `mqtt://127.0.0.1:${port}`, groupId: 'g', edgeNodeId: 'e' }),
}

for (const isDenied of [true, false]) {
  test(
    isDenied ? 'no device and no sink goes where network.deny says' : 'the control: without it all of them connect',
    async (t) => {
      let connections = 0
      const server = createServer((socket) => {
        connections++
        socket.on('error', () => undefined)
        t.after(() => socket.destroy())
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      t.after(() => server.close())
      const { port } = server.address() as AddressInfo
      const sinks = Object.entries(OPTIONS).map(([name, optionsOf]) => {
        const type = sinkByName(name)!
        const options: unknown = type.options.parse(optionsOf(port))
        return {
          name,
          type,
          options,
          enabled: true,
          replay: { order: 'in-order', makeUpRowsPerSecond: undefined } as const,
        }
      })
      const gateway = await startTestGateway(t, {
        devices: [
          {
            name: 'press-1',
            type: modbus,
            options: { host: '127.0.0.1', port },
            tags: [{ name: 'level', address: 'hr:0', type: 'uint16' }],
          },
          {
            name: 'line-1',
            type: opcua,
            options: { endpoint: `opc.tcp://127.0.0.1:${port}` },
            tags: [{ name: 'speed', address: 'ns=2;s=Speed' }],
          },
        ],
        sinks,
        network: { allow: [], deny: isDenied ? addressRanges('127.0.0.0/8') : [] },
      })
      if (!isDenied) {
        await eventually('each of them connects', () => connections > sinks.length + 1)
        return
      }
      const says = /127\.0\.0\.1:\d+ may not be dialled: 127\.0\.0\.1 is among network\.deny/
      await eventually('each says why', () => {
        const reasons = [...gateway.polling.devices.map(({ reason }) => reason), ...gateway.runners.map((one) => one.status().reason)] // prettier-ignore
        return reasons.every((reason) => says.test(reason ?? ''))
      })
      assert.equal(connections, 0)
    },
  )
}

for (const isDenied of [true, false])
  test(
    isDenied ? 'no report asks a Prometheus where network.deny says' : 'the control: without it it is asked',
    async (t) => {
      let requests = 0
      const server = createHttpServer((_, response) => {
        requests++
        response.writeHead(200).end('{"status":"success","data":{"result":[]}}')
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      t.after(() => server.close())
      const { port } = server.address() as AddressInfo
      const reports = `reports: { prometheus: 'http://127.0.0.1:${port}', schedules: [{ name: often, at: '* * * * *' }] }`
      const network = isDenied ? 'network: { deny: [127.0.0.0/8] }' : ''
      const gateway = await startGatewayProcess(t, { yaml: `${reports}\n${network}\n` })
      await eventually('it is said', () => /The report often could not be made/.test(gateway.output()), 20_000)
      if (isDenied) assert.match(gateway.output(), /Prometheus at [^"]* does not answer .*network\.deny/)
      else assert.match(gateway.output(), /has no data of job/)
      assert.equal(requests > 0, !isDenied)
      await gateway.stop()
    },
  )
