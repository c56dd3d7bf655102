/** Sinks that tell the far side which tags there are follow a change at once: births of Sparkplug, nodes of the OPC UA server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config, SinkConfig } from '../src/config/config.ts'
import type { SinkType } from '../src/core/sink.ts'
import { simulated } from '../src/drivers/simulated/driver.ts'
import type { Gateway } from '../src/gateway.ts'
import { opcuaServer } from '../src/sinks/opcua-server/sink.ts'
import { sparkplug } from '../src/sinks/sparkplug/sink.ts'
import { needsAsyncua, startAsyncuaClient } from '../src/testing/asyncua.ts'
import { deviceConfig, startTestGateway, type DeviceSketch } from '../src/testing/gateway-fixture.ts'
import { startMosquitto } from '../src/testing/mosquitto.ts'
import { nodeOf, openOptions } from '../src/testing/opcua-server-rig.ts'
import { eventually, freePort, needs } from '../src/testing/peers.ts'
import { startSparkplugHost } from '../src/testing/sparkplug-host.ts'

const deviceOf = (name: string, ...tags: string[]): DeviceSketch => ({
  name,
  type: simulated,
  tags: tags.map((tag) => ({ name: tag, address: 'constant:value=5' })),
})

const sinkOf = (type: unknown, options: object): SinkConfig => ({
  name: 'far',
  type: type as SinkType,
  options: (type as SinkType).options.parse(options),
  enabled: true,
  replay: { order: 'in-order' },
})

const withDevices = (gateway: Gateway, ...devices: DeviceSketch[]): Config => ({
  ...gateway.config,
  devices: devices.map(deviceConfig),
})

const running = (gateway: Gateway): Promise<void> =>
  eventually(
    () => `${gateway.runners[0]!.status().reason}`,
    () => gateway.runners[0]!.status().state === 'Running',
    20_000,
  )

test(
  'Sparkplug: a device that is gone dies, then all births tell what there is now',
  { skip: needs('mosquitto') },
  async (t) => {
    const broker = await startMosquitto(t, {})
    const host = await startSparkplugHost(t, broker.url)
    const sink = sinkOf(sparkplug, { urls: broker.url, groupId: 'plant', edgeNodeId: 'gateway' })
    const gateway = await startTestGateway(t, { devices: [deviceOf('a', 'x', 'y'), deviceOf('b', 'x')], sinks: [sink] })
    await running(gateway)
    // Samples of a device that went are told with a birth of theirs; here they are all told before.
    await host.wait('DDATA/a', 5)
    await gateway.change(withDevices(gateway, deviceOf('a', 'x', 'z')))
    const order = (): string[] => host.messages.map(({ type, device }) => `${type} ${device ?? ''}`.trim())
    // A rebirth right after another one waits for some seconds.
    await eventually(
      () => order().join(', '),
      () => {
        const death = order().indexOf('DDEATH b')
        const birth = order().lastIndexOf('NBIRTH')
        return death > 0 && birth > death && order().lastIndexOf('DBIRTH a') > birth
      },
      20_000,
    )
    const birth = host.messages.filter(({ type, device }) => type === 'DBIRTH' && device === 'a').at(-1)!
    const names = birth.payload.metrics.map(({ name }) => name)
    assert.ok(names.includes('x') && names.includes('z') && !names.includes('y'), names.join())
  },
)

test(
  'OPC UA server: nodes of tags that went are unknown, those that came are there, the others stay',
  { skip: needsAsyncua() },
  async (t) => {
    const port = await freePort()
    const sink = sinkOf(opcuaServer, openOptions(port))
    const gateway = await startTestGateway(t, { devices: [deviceOf('a', 'x', 'y'), deviceOf('b', 'x')], sinks: [sink] })
    await running(gateway)
    const client = await startAsyncuaClient(t, { url: `opc.tcp://127.0.0.1:${port}` })
    const read = async (tag: string): Promise<string> => {
      const [value] = await client.ask<{ value: unknown; status: number | string }[]>('read', { nodes: [nodeOf(tag)] })
      return JSON.stringify(value)
    }
    await eventually('the value is there', async () => (await read('a/x')).includes('5'))
    const { reconnects } = gateway.runners[0]!.status()
    await gateway.change(withDevices(gateway, deviceOf('a', 'x', 'z')))
    await eventually('the new node is there', async () => (await read('a/z')).includes('5'))
    assert.match(await read('a/x'), /5/)
    for (const gone of ['a/y', 'b/x']) assert.doesNotMatch(await read(gone), /"value":5/, gone)
    assert.equal(gateway.runners[0]!.status().reconnects, reconnects)
  },
)
