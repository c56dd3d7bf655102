/**
 * A support bundle: what somebody who was not there needs to see what is wrong, in one archive. Every file of it is bounded, and is searched
 * for secrets once more on its way out, whatever was blanked before.
 */
import { secretEraser } from '../config/running-secrets.ts'
import { isAbort, messageOf } from '../core/errors.ts'
import { hideUrlPasswords } from '../core/url-password.ts'
import type { TarEntry } from '../formats/tar.ts'
import { recordLine } from './log-schemas.ts'
import { Slice } from '../core/slice.ts'
import type { RouteContext } from './app.ts'
import { alertView, receiverView } from './routes/alerts.ts'
import { statusView, versionView } from './routes/config-live.ts'
import { pollsText } from './routes/diagnostics.ts'
import { linesText } from './routes/lines.ts'
import { windowView } from './routes/maintenance.ts'
import { sinkView } from './routes/sinks.ts'
import { systemView } from './routes/system.ts'
import { shownDevices } from './shown-devices.ts'
import { deviceView, isoOf } from './views.ts'

export type BundleContext = Pick<RouteContext, 'gateway' | 'system' | 'metrics' | 'health'>

/** A file as pieces of text, none of which ends within a line. */
type Pieces = AsyncIterable<string> | Iterable<string>

interface Part {
  readonly name: string
  readonly tells: string
  pieces(context: BundleContext, signal: AbortSignal): Pieces | Promise<Pieces>
}

/** A file is cut after so many characters. */
const MOST_TEXT = 32 * 2 ** 20
/** The configuration is left out where writing it takes longer. */
const RENDER_LIMIT_MS = 30_000
const PAGE = 500
const BEARER = /\b(Bearer|Basic) +[A-Za-z0-9+/_.~=-]{8,}/g

const PARTS: readonly Part[] = [
  {
    name: 'system.json',
    tells: 'versions, processor, memory, disk, event loop, clock, rates of the last five minutes',
    pieces: async ({ gateway, system }) => [json(await systemView(gateway, system, undefined))],
  },
  {
    name: 'health.json',
    tells: 'what liveness and readiness say',
    pieces: ({ health }) => [json({ live: health.live(), ready: health.ready() })],
  },
  {
    name: 'config.yaml',
    tells: 'the configuration that runs, templates expanded, secrets as ***',
    pieces: async ({ gateway: { configuration } }, signal) => {
      if (configuration === undefined) return ['# This gateway was started without a configuration file.\n']
      const limit = AbortSignal.any([signal, AbortSignal.timeout(RENDER_LIMIT_MS)])
      const text = await configuration.written.rendered(limit)
      return text.split(/(?<=\n)/)
    },
  },
  {
    name: 'config-status.json',
    tells: 'which version runs, the last reload, and the versions that were applied, without their contents',
    pieces: ({ gateway: { configuration } }) => [
      json(
        configuration && {
          status: statusView(configuration.status),
          history: configuration.history.versions.toReversed().map(versionView),
        },
      ),
    ],
  },
  {
    name: 'devices.ndjson',
    tells: 'each device with state, reason, counters, latency, duty; a line each',
    pieces: async function* ({ gateway, system }) {
      for (const device of shownDevices(gateway)) yield `${JSON.stringify(deviceView(gateway, system, device))}\n`
    },
  },
  {
    name: 'sinks.json',
    tells: 'each sink with its account of samples, state and reason',
    pieces: ({ gateway, system }) => [
      json(
        gateway.runners.map((runner) => ({
          ...sinkView(gateway, runner.status(), true),
          ...system.sinkRates(runner.name),
        })),
      ),
    ],
  },
  {
    name: 'lines.ndjson',
    tells: 'who uses how much of each socket and serial port; a page of lines a line',
    pieces: ({ gateway }) => allPages((cursor) => linesText(gateway, undefined, { limit: PAGE, cursor })),
  },
  {
    name: 'polls.ndjson',
    tells: 'how long polls took by device and minute, the event loop over the same minutes; a page of devices a line',
    pieces: ({ gateway, system }) =>
      allPages((cursor) => pollsText(gateway, system, undefined, { minutes: 60, limit: PAGE, cursor })),
  },
  {
    name: 'certificates.json',
    tells: 'when which certificate expires; no keys',
    pieces: ({ gateway: { certificates, certificatesInUse } }) => [
      json({
        inUse: certificatesInUse.list.map((one) => ({
          ...one,
          notBefore: isoOf(one.notBefore),
          notAfter: isoOf(one.notAfter),
        })),
        opcua: certificates.summary,
        attention: certificatesInUse.attention,
      }),
    ],
  },
  {
    name: 'alerts.json',
    tells: 'local alerts that are pending or firing, whether their receivers get them, and maintenance windows',
    pieces: ({ gateway: { alerts, maintenance } }) => [
      json({
        enabled: alerts.isOn,
        alerts: alerts.alerts.map((one) => alertView(one, true)),
        receivers: alerts.receivers().map(receiverView),
        maintenance: maintenance.windows.map(windowView),
      }),
    ],
  },
  {
    name: 'metrics.txt',
    tells: 'what /metrics answers',
    pieces: async ({ metrics }) => (await metrics.render(false)).split(/(?<=\n)/),
  },
  {
    name: 'log.txt',
    tells: 'what the gateway said last, oldest first',
    pieces: function* ({ gateway }) {
      for (const record of gateway.logbook.records.oldestFirst({})) yield recordLine(record)
    },
  },
]

/** The files one after the other. One that cannot be made says so, and the others are there. */
export async function* bundleEntries(context: BundleContext, folder: string, signal: AbortSignal) {
  const { gateway } = context
  const erase = secretEraser(gateway.config)
  const clean = (text: string): string =>
    erase(hideUrlPasswords(text)).replace(BEARER, (_, scheme: string) => `${scheme} ***`)
  const entry = (name: string, text: string): TarEntry => ({ name: `${folder}/${name}`, bytes: Buffer.from(text) })
  yield entry('README.txt', readme(context))
  for (const part of PARTS) {
    signal.throwIfAborted()
    const began = gateway.clock.monotonic()
    try {
      yield { name: `${folder}/${part.name}`, bytes: await gather(await part.pieces(context, signal), clean) }
    } catch (error) {
      if (isAbort(error) && signal.aborted) throw error
      const ms = Math.round(gateway.clock.monotonic() - began)
      yield entry(`${part.name}.failed.txt`, clean(`${part.name} could not be made (${ms} ms): ${messageOf(error)}\n`))
    }
  }
}

async function gather(pieces: Pieces, clean: (text: string) => string): Promise<Buffer> {
  const parts: Buffer[] = []
  const slice = new Slice()
  let length = 0
  for await (const piece of pieces) {
    length += piece.length
    if (length > MOST_TEXT) {
      parts.push(Buffer.from('\n… cut: it goes on, and would be too large\n'))
      break
    }
    parts.push(Buffer.from(clean(piece)))
    await slice.breathe()
  }
  return Buffer.concat(parts)
}

async function* allPages(page: (cursor: string | undefined) => Promise<string>): AsyncGenerator<string> {
  let cursor: string | undefined
  do {
    const text = await page(cursor)
    yield `${text}\n`
    cursor = (JSON.parse(text.slice(text.lastIndexOf('"next":') + 7, -1)) as string | null) ?? undefined
  } while (cursor !== undefined)
}

const json = (value: unknown): string => `${JSON.stringify(value ?? null, null, 2)}\n`

function readme({ gateway }: BundleContext): string {
  const width = Math.max(...PARTS.map(({ name }) => name.length))
  const list = PARTS.map(({ name, tells }) => `  ${name.padEnd(width)}  ${tells}`).join('\n')
  return `Support bundle of Bifrost ${gateway.version}, made ${isoOf(gateway.clock.now())}

${list}

Passwords, tokens and keys are not in it: they were blanked (***) where they stand in the configuration, in addresses and in the log.
Names and addresses of devices, sinks and people are in it. Look through it before you hand it on.
`
}
