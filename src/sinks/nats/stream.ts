/** Whether there is a stream for our subjects, and how one is made where the options say so. One that exists is never changed. */
import type { JetStreamManager } from '@nats-io/jetstream'
import { BusyError, GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { parseSubject, filterOf, rootOf } from './subject.ts'
import type { Connection } from './connection.ts'
import type { NatsOptions } from './options.ts'

const NO_LEADER_MS = 1000

/**
 * Makes sure that a stream takes the subjects. SINK_REFUSED names stream and subject where none does. An account that may not ask is believed
 * to know: then the first message shows it.
 */
export async function ensureStream(
  connection: Connection,
  options: NatsOptions,
  gapSubject: string | undefined,
  log: Log,
): Promise<string | undefined> {
  const manager = await managerOf(connection, options)
  try {
    if (options.createStream !== undefined) await createStream(manager, options, options.createStream)
    const name = options.stream ?? options.createStream?.name
    if (name !== undefined) return await expectStream(manager, name)
    const filter = filterOf(parseSubject(options.subject), options.dots)
    const stream = await streamOf(manager, filter)
    if (stream === undefined) throw noStream(filter)
    if (gapSubject !== undefined && (await streamOf(manager, gapSubject)) === undefined)
      throw noStream(gapSubject, 'gapSubject')
    return stream
  } catch (error) {
    return asked(error, connection, log)
  }
}

/** What to say when nobody answered to a message: no stream at all, or one without a leader for the moment. */
export async function withoutStream(
  connection: Connection,
  options: NatsOptions,
  subject: string,
): Promise<GatewayError> {
  const stream = await managerOf(connection, options).then((manager) => streamOf(manager, subject)).catch(() => undefined) // prettier-ignore
  if (stream === undefined) return noStream(subject)
  return new BusyError(
    `stream "${stream}" does not answer at the moment; perhaps its servers choose a leader`,
    NO_LEADER_MS,
  )
}

async function managerOf({ client }: Connection, { connectTimeout }: NatsOptions): Promise<JetStreamManager> {
  const { jetstreamManager } = await import('@nats-io/jetstream')
  return jetstreamManager(client, { checkAPI: false, timeout: connectTimeout })
}

async function streamOf(manager: JetStreamManager, subject: string): Promise<string | undefined> {
  const [name] = await manager.streams.names(subject).next()
  return name
}

async function expectStream(manager: JetStreamManager, name: string): Promise<string> {
  try {
    await manager.streams.info(name)
    return name
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new GatewayError('SINK_REFUSED', `there is no stream "${name}"; create it, or set createStream`)
  }
}

async function createStream(
  manager: JetStreamManager,
  options: NatsOptions,
  wanted: NonNullable<NatsOptions['createStream']>,
): Promise<void> {
  const { name, subjects = [`${rootOf(options.subject)}>`], maxAge, maxBytes } = wanted
  try {
    await manager.streams.info(name)
  } catch (error) {
    if (!isNotFound(error)) throw error
    await manager.streams.add({
      name,
      subjects,
      storage: wanted.storage,
      num_replicas: wanted.replicas,
      discard: wanted.discard,
      duplicate_window: wanted.duplicateWindow * 1e6,
      ...(maxAge === undefined ? {} : { max_age: maxAge * 1e6 }),
      ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
    })
  }
}

/** What to make of an error of the questions above. */
function asked(error: unknown, connection: Connection, log: Log): undefined {
  if (error instanceof GatewayError) throw error
  if (connection.lost !== undefined) throw connection.lost
  const { name, cause } = error instanceof Error ? error : { name: '', cause: undefined }
  const isForbidden =
    name === 'PermissionViolationError' || (cause instanceof Error && cause.name === 'PermissionViolationError')
  if (isForbidden) {
    log.info(
      { server: connection.name },
      'we may not ask for streams; the first message will show whether there is one',
    )
    return undefined
  }
  if (name === 'JetStreamNotEnabled')
    throw new GatewayError(
      'SINK_REFUSED',
      `${connection.name} has no JetStream for us; enable it, or set delivery: core`,
      { cause: error },
    )
  if (name === 'TimeoutError')
    throw new NotConnectedError(`${connection.name} did not answer whether there is a stream`, { cause: error })
  throw new GatewayError('SINK_REFUSED', `${connection.name}: the stream cannot be had: ${messageOf(error)}`, {
    cause: error,
  })
}

const isNotFound = (error: unknown): boolean => error instanceof Error && error.name === 'StreamNotFoundError'

const noStream = (subject: string, option = 'createStream'): GatewayError =>
  new GatewayError('SINK_REFUSED', `no stream takes the subject "${subject}"; create one that does, or set ${option}`)
