/** OPC UA: values of a server, subscribed to or read; its events; writes and calls of its methods. */
import { defineDriver } from '../../core/driver.ts'
import { ADDRESS_EXAMPLES, describeAddress, parseAddress } from './address.ts'
import { OpcuaDevice } from './device.ts'
import { WorkerHost } from './host.ts'
import { options } from './options.ts'
import { withPort } from './place.ts'
import { scanOpcua } from './scan/scan.ts'
import { tools } from './tools/list.ts'

export const opcua = defineDriver({
  name: 'opcua',
  summary: 'OPC UA servers (binary over TCP): subscriptions watched by evidence, reads, events, methods, history.',
  options,
  addressExamples: ADDRESS_EXAMPLES,
  parseAddress,
  describeAddress,
  tagDefaults: ({ kind }) => (kind === 'events' ? { type: 'string' } : undefined),
  check: ({ kind }, { type }) =>
    kind === 'events' && type !== 'string' ? `events are JSON: give the tag the type string, not ${type}` : undefined,
  line: ({ endpoint }) => withPort(endpoint),
  urls: { schemes: ['opc.tcp'], option: 'endpoint' },
  endpoint: ({ endpoint }) => endpoint,
  inFlight: ({ maxInFlight }) => maxInFlight,
  estimate: (_options, _points) => ({
    requests: undefined,
    wireMs: 0,
    inFlight: 1,
    unknown: 'OPC UA servers send what changes; how much that is only they know',
  }),
  create: (settings, context) =>
    new OpcuaDevice(
      settings,
      context,
      context.shareAll(() => new WorkerHost()),
    ),
  tools,
  offers: ['subscribe', 'history', 'events'],
  scan: scanOpcua,
  scanPorts: [4840],
})
