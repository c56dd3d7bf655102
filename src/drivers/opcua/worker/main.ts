/** The worker thread of all OPC UA devices: node-opcua lives here and nowhere else. Calls are those of `messages.ts`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../../../core/errors.ts'
import { loadClient, type ClientLibrary } from '../../../protocols/opcua/library.ts'
import { sendEvent, serveWorkerLink } from '../../../wire/worker-service.ts'
import type { DescribeNodes, NextOfWalk, OneNode, OpenWalk } from '../browsed.ts'
import type {
  AuditAnswer,
  AuditEvent,
  HistoryRequest,
  LogEvent,
  OfDevice,
  OpenDevice,
  PrepareWriteRequest,
  ReadRequest,
  ReasonsEvent,
  RowsEvent,
  SourceRequest,
  SubscribeRequest,
  ViewEvent,
  WriteRequest,
} from '../messages.ts'
import { Device } from './device.ts'
import { loadSecurity } from './security.ts'

/** How often the main thread hears how the devices do. */
const VIEW_MS = 1000
/** Complaints of the library a minute. */
const MOST_COMPLAINTS = 10

const devices = new Map<number, Device>()
const temporary = new Map<number, string>()
let complaints = 0

const tell = (device: number | undefined, level: LogEvent['level'], sentence: string): void =>
  sendEvent('log', { device, level, sentence } satisfies LogEvent)

function complain(sentence: string): void {
  if (complaints++ < MOST_COMPLAINTS) tell(undefined, 'debug', sentence)
}

/** Actions that wait for being on record. */
const audits = new Map<number, { resolve(): void; reject(error: Error): void }>()
let nextAudit = 1

function audit(device: number, action: string, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const id = nextAudit++
    audits.set(id, { resolve, reject })
    sendEvent('audit', { device, id, action, what } satisfies AuditEvent)
  })
}

function audited({ id, failed }: AuditAnswer): void {
  const waiting = audits.get(id)
  audits.delete(id)
  if (failed === undefined) waiting?.resolve()
  else waiting?.reject(new GatewayError('STORE_FAILED', failed))
}

let library: Promise<ClientLibrary> | undefined

async function open(setup: OpenDevice): Promise<void> {
  const { device: number } = setup
  const loaded = await (library ??= loadClient(complain))
  const folder = setup.certificates ?? (await temporaryFolder(number))
  const security = () =>
    loadSecurity(setup, folder, {
      tell: (level, sentence) => tell(number, level, sentence),
      audit: (action, what) => audit(number, action, what),
    })
  devices.set(
    number,
    new Device(setup, loaded, security, {
      rows: (batch) => {
        const parts = batch.toParts()
        sendEvent('rows', { device: number, batch: parts } satisfies RowsEvent, [parts.buffer])
      },
      reasons: (reasons) => sendEvent('reasons', { device: number, reasons } satisfies ReasonsEvent),
      tell: (level, sentence) => tell(number, level, sentence),
    }),
  )
}

/** Where nothing is kept, our certificate lives as long as the device is open. */
async function temporaryFolder(number: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bifrost-certificates-'))
  temporary.set(number, folder)
  return folder
}

function device({ device: number }: OfDevice): Device {
  const found = devices.get(number)
  if (found === undefined) throw new Error(`the worker has no device ${number}`)
  return found
}

serveWorkerLink({
  open,
  connect: (of: OfDevice, signal) => device(of).connect(signal),
  read: (request: ReadRequest) => device(request).read(request),
  subscribe: (request: SubscribeRequest, signal) => device(request).subscribe(request, signal),
  source: (request: SourceRequest) => device(request).sourceOf(request),
  history: (request: HistoryRequest) => device(request).history.read(request),
  prepareWrite: (request: PrepareWriteRequest) => device(request).writes.prepare(request),
  write: (request: WriteRequest, signal) => device(request).writes.send(request, signal),
  audited,
  identify: (of: OfDevice, signal) => device(of).browser.identity(signal),
  openWalk: (request: OpenWalk, signal) => device(request).browser.open(request, signal),
  nextOfWalk: (request: NextOfWalk, signal) => device(request).browser.next(request, signal),
  endWalk: (request: NextOfWalk) => device(request).browser.end(request.walk),
  describe: (request: DescribeNodes, signal) => device(request).browser.describe(request, signal),
  nodeDetails: (request: OneNode, signal) => device(request).browser.details(request, signal),
  close: async (of: OfDevice) => {
    const closing = device(of)
    devices.delete(of.device)
    await closing.close()
    const folder = temporary.get(of.device)
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    temporary.delete(of.device)
  },
})

setInterval(() => {
  for (const [number, one] of devices) sendEvent('view', { device: number, view: one.view() } satisfies ViewEvent)
}, VIEW_MS)
setInterval(() => (complaints = 0), 60_000)
