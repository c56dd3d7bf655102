/**
 * The table of log fields: whatever a log line may say beside its sentence, its name in JSON (Elastic Common Schema, own ones under
 * `bifrost.`) and its type. A field that is not here does not compile; the index template, the guide and the tests are held against it.
 */

/** Types of Elasticsearch; `error` becomes error.type, .message, .code and .stack_trace, `milliseconds` nanoseconds. */
type FieldKind =
  'keyword' | 'keywords' | 'text' | 'long' | 'boolean' | 'date' | 'ip' | 'address' | 'flattened' | 'error' | 'milliseconds' | 'outcome' // prettier-ignore

export interface LogField {
  /** Its name in JSON. */
  readonly name: string
  readonly kind: FieldKind
  readonly help: string
}

const of = <const K extends FieldKind>(name: string, kind: K, help: string) => ({ name, kind, help })
const own = <const K extends FieldKind>(name: string, kind: K, help: string) => of(`bifrost.${name}`, kind, help)

export const LOG_FIELDS = {
  // Who speaks.
  component: of(
    'log.logger',
    'keyword',
    'The part of the gateway that speaks: polling, sink, http, the name of a driver',
  ),
  logger: of('log.logger', 'keyword', 'The same'),
  dataset: of('event.dataset', 'keyword', 'The stream: bifrost.log, bifrost.audit, bifrost.access'),
  // What it is about.
  device: own('device', 'keyword', 'Name of the device'),
  sink: own('sink', 'keyword', 'Name of the sink'),
  asset: own('asset', 'keyword', 'Name of the asset'),
  tag: own('tag', 'keyword', 'Name of the tag, or set/parameter'),
  set: own('set', 'keyword', 'Name of the parameter set'),
  client: own('client', 'keyword', 'Name of another gateway that sends its log here'),
  receiver: own('receiver', 'keyword', 'Name of a receiver of alerts'),
  alert: own('alert', 'keyword', 'Name of the alert'),
  report: own('report', 'keyword', 'Name of the report'),
  id: own('id', 'keyword', 'Of a maintenance window'),
  way: own('way', 'keyword', 'By what the service manager is told'),
  units: own('units', 'keywords', 'Modbus units'),
  topic: own('topic', 'keyword', 'MQTT topic'),
  // What was done, and what came of it.
  action: of('event.action', 'keyword', 'What was done'),
  outcome: of('event.outcome', 'outcome', 'success, failure or unknown'),
  eventId: of('event.id', 'keyword', 'The same for all lines of one action'),
  eventTime: of('event.start', 'date', 'When it happened'),
  eventKind: of('event.kind', 'keyword', 'event'),
  category: of('event.category', 'keywords', 'Category of ECS: authentication, iam, configuration'),
  object: own('audit.object', 'keyword', 'What it was done to, its kind first'),
  auditOutcome: own('audit.outcome', 'keyword', 'Outcome as the audit has it'),
  auditBefore: own('audit.before', 'text', 'What was there before, as JSON'),
  auditAfter: own('audit.after', 'text', 'What is there now, as JSON'),
  durationMs: of('event.duration', 'milliseconds', 'How long it took, in nanoseconds'),
  reason: of('event.reason', 'keyword', 'Why'),
  error: of('error.message', 'error', 'What failed: type, message, code and stack of the error'),
  err: of('error.message', 'error', 'The same'),
  code: own('code', 'keyword', 'Code of the error catalogue, or of a status'),
  status: own('status', 'keyword', 'Name of an OPC UA status code'),
  summary: own('summary', 'text', 'What an alert says'),
  messages: own('messages', 'long', 'Messages'),
  state: own('state', 'keyword', 'State that something is in now'),
  before: own('before', 'keyword', 'What it was before'),
  after: own('after', 'keyword', 'What it is now'),
  problem: own('problem', 'text', 'What is wrong, in words'),
  why: own('problem', 'text', 'The same'),
  // Who asked, and from where.
  user: of('user.name', 'keyword', 'Who asked for it'),
  by: of('user.name', 'keyword', 'The same'),
  role: of('user.roles', 'keywords', 'Role of the user'),
  address: of('source.address', 'address', 'Address of the far side; source.ip where it is an IP address'),
  from: own('origin', 'keyword', 'From where it was asked for'),
  to: own('to', 'keyword', 'Where it goes'),
  'trace.id': of('trace.id', 'keyword', 'The request that it belongs to: x-correlation-id of its answer'),
  'span.id': of('span.id', 'keyword', 'The span, where traces are on'),
  // HTTP.
  url: of('url.original', 'keyword', 'Address, without passwords'),
  urlPath: of('url.path', 'keyword', 'Path of the request, without its query'),
  urls: own('urls', 'keywords', 'Addresses, without passwords'),
  method: of('http.request.method', 'keyword', 'Method of the request'),
  httpStatus: of('http.response.status_code', 'long', 'Status of the answer'),
  answerBytes: of('http.response.body.bytes', 'long', 'Bytes of the answer, where it says how many'),
  route: own('route', 'keyword', 'Pattern of the route'),
  agent: of('user_agent.original', 'keyword', 'What the client says it is'),
  // Places.
  file: of('file.path', 'keyword', 'A file'),
  path: of('file.path', 'keyword', 'The same'),
  folder: own('folder', 'keyword', 'A folder'),
  data: own('data', 'keyword', 'The data folder'),
  line: of('log.origin.file.line', 'long', 'Line of a file of the configuration'),
  offset: own('offset', 'long', 'Place in a file'),
  host: of('destination.address', 'keyword', 'Host that is dialled'),
  port: of('destination.port', 'long', 'Its port'),
  server: of('server.address', 'keyword', 'Server that a sink talks to'),
  servers: own('servers', 'keywords', 'Servers of a sink'),
  brokers: own('brokers', 'keywords', 'Brokers of a sink'),
  endpoint: own('endpoint', 'keyword', 'Own OPC UA endpoint'),
  listen: own('listen', 'keyword', 'Where the gateway listens'),
  upstream: own('upstream', 'keyword', 'Gateway above this one'),
  primaryHost: own('primaryHost', 'keyword', 'Sparkplug primary host'),
  issuer: own('issuer', 'keyword', 'Issuer of an identity provider'),
  // Certificates.
  cert: of('tls.server.certificate', 'keyword', 'File of a certificate'),
  notAfter: of('tls.server.not_after', 'date', 'When a certificate ends'),
  thumbprint: of('tls.server.hash.sha1', 'keyword', 'Thumbprint of a certificate'),
  // Counts.
  bytes: own('bytes', 'long', 'Bytes'),
  samples: own('samples', 'long', 'Samples'),
  seq: own('seq', 'long', 'Sequence number of a sample in the log'),
  corrupt: own('corrupt', 'long', 'Damaged frames'),
  tornBytes: own('tornBytes', 'long', 'Bytes of a torn end'),
  refused: own('refused', 'long', 'Events that were refused'),
  recipients: own('recipients', 'keywords', 'Addresses that a mail server refused'),
  repeats: own('repeats', 'long', 'How often the same was said since the line before'),
  dropped: own('dropped', 'long', 'Lines that were dropped'),
  maxDevices: own('maxDevices', 'long', 'Devices with series of their own'),
  more: own('more', 'long', 'How many more'),
  n: of('event.sequence', 'long', 'Number of a line of the audit log'),
  hash: of('event.hash', 'keyword', 'Hash of a line of the audit log'),
  ms: own('ms', 'long', 'Milliseconds'),
  limitMs: own('limitMs', 'long', 'A limit, in milliseconds'),
  devices: own('devices', 'long', 'Devices of the configuration'),
  sinks: own('sinks', 'long', 'Sinks of the configuration'),
  problems: own('problems', 'long', 'Problems of the configuration'),
  differences: own('differences', 'long', 'Parameters that differ'),
  version: own('version', 'long', 'Number of a version'),
  previous: own('previous', 'long', 'Number of the version before'),
  since: own('since', 'date', 'Since when'),
  level: own('level', 'keyword', 'Level of the log'),
  name: own('name', 'keyword', 'A name'),
  signal: own('signal', 'keyword', 'Signal of the system'),
  settings: own('settings', 'keywords', 'Names of settings'),
  pattern: of('rule.name', 'keywords', 'Error patterns that the line matches'),
  // Whatever is of one place alone, and what is said under a name that nobody knows.
  details: own('details', 'flattened', 'More, as an object'),
} as const satisfies Readonly<Record<string, LogField>>

export type LogFieldName = keyof typeof LOG_FIELDS

interface Values {
  keyword: string | number
  keywords: readonly (string | number)[] | string
  text: string
  long: number
  boolean: boolean
  date: string | number
  ip: string
  address: string
  flattened: object
  error: unknown
  milliseconds: number
  outcome: 'success' | 'failure' | 'unknown'
}

/** What may be said beside a sentence. */
export type LogFields = {
  readonly [K in LogFieldName]?: Values[(typeof LOG_FIELDS)[K]['kind']] | null | undefined
}
