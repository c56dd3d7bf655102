/** The proxy of one device, with the line and the audit file played by a test. */
import type { TestContext } from 'node:test'
import { systemClock, type Clock } from '../core/clock.ts'
import type { AuditedAction, LineAccess } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import { silentLog, type Log } from '../core/log.ts'
import { ProxyCounters } from '../drivers/modbus/proxy/counters.ts'
import { LineProxies } from '../drivers/modbus/proxy/line-proxies.ts'
import { serveProxy, type ProxySetup } from '../drivers/modbus/proxy/serve.ts'
import { WriteLock } from '../drivers/modbus/write-lock.ts'
import { ModbusClient } from '../protocols/modbus/index.ts'
import { dial } from '../wire/dial.ts'
import { testContext } from './driver-suite.ts'
import { eventually, freePort } from './peers.ts'

export interface PlayedProxy {
  readonly port: number
  /** Requests that reached the wire: function codes. */
  readonly sent: number[]
  /** The same, whole. */
  readonly pdus: Uint8Array[]
  readonly actions: AuditedAction[]
  /** How requests went onto the line. */
  readonly priorities: string[]
  /** For whom their time counts. */
  readonly units: (number | undefined)[]
  readonly counters: ProxyCounters
  /** Set: the audit file cannot be written. */
  isFull: boolean
  /** How long the disk takes. */
  recording: Promise<void>
  /** What the wire answers; it may wait. */
  reply: (pdu: Uint8Array) => Promise<Uint8Array>
  /** The gateway stops. */
  end(): void
  /** Shared with other writes of the line. */
  readonly writes: WriteLock
  connect(): Promise<ModbusClient>
}

interface Given {
  readonly settings?: Partial<ProxySetup['settings']>
  readonly units?: readonly number[]
  readonly timeout?: number
  readonly clock?: Clock
  readonly log?: Log
}

/** Serves unit 1 on a free port of the loopback; 3 and 6 are allowed, the latter for clients of this machine. */
export async function startProxy(t: TestContext, given: Given = {}): Promise<PlayedProxy> {
  const { settings, units = [1], timeout = 200, clock = systemClock, log = silentLog } = given
  const port = await freePort()
  const end = new AbortController()
  const played: PlayedProxy = {
    port,
    sent: [],
    pdus: [],
    actions: [],
    priorities: [],
    units: [],
    counters: new ProxyCounters(),
    isFull: false,
    recording: Promise.resolve(),
    reply: async (pdu) => (pdu[0] === 6 ? pdu.slice() : Uint8Array.of(pdu[0]!, 2, 0, 7)),
    end: () => end.abort(),
    writes: new WriteLock(),
    async connect() {
      const stream = await dial({ host: '127.0.0.1', port, connectTimeoutMs: 2000 })
      const client = new ModbusClient(stream, { maxInFlight: 8, timeoutMs: 5000, clock: systemClock, name: 'scada' })
      t.after(() => client.close())
      return client
    },
  }
  const context = {
    ...testContext(),
    clock,
    log,
    audit: async (action: AuditedAction) => {
      if (played.isFull) throw new GatewayError('STORE_FAILED', 'The disk is full.')
      played.actions.push(action)
      await played.recording
    },
  }
  const access: LineAccess = {
    connected: true,
    run(work, priority, signal, unit) {
      played.priorities.push(priority)
      played.units.push(unit)
      return work(signal)
    },
  }
  const serving = serveProxy(
    {
      settings: {
        listen: `127.0.0.1:${port}`,
        maxAge: 0,
        functions: [3, 6],
        writers: ['127.0.0.1'],
        maxClients: 100,
        ...settings,
      },
      units: new Set(units),
      timeout,
      context,
      counters: played.counters,
      line: { proxies: new LineProxies(), writes: played.writes },
      exchange(_unit, pdu) {
        played.sent.push(pdu[0]!)
        played.pdus.push(pdu)
        return played.reply(pdu)
      },
    },
    access,
    end.signal,
  )
  t.after(async () => {
    end.abort()
    // What a failed test left on the line or on the disk must not hold up the others.
    let isOver = false
    void serving.then(() => (isOver = true))
    await eventually('the proxy ends', () => isOver, 2000)
  })
  await eventually('it listens', () =>
    played.connect().then(
      (client) => (client.close(), true),
      () => false,
    ),
  )
  return played
}
