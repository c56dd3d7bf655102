/**
 * What a cluster's error codes mean for us (Kafka protocol, "Error codes"), and the errors of connections and logins, each as an error of
 * the catalogue with a sentence that names the cause.
 */
import { BusyError, GatewayError, NotConnectedError } from '../../core/errors.ts'
import { connectError, endpointOf, type Target } from '../../wire/connect-error.ts'
import { tlsWords } from '../../wire/tls.ts'

const WORDS: Record<number, string> = {
  2: 'it received damaged records',
  3: 'the topic does not exist',
  5: 'a partition has no leader at the moment',
  6: 'a partition has moved to another broker',
  7: 'its replicas did not answer in time',
  10: 'the message is larger than the topic takes (max.message.bytes)',
  17: 'the topic name is not valid',
  18: 'the batch is larger than the segments of the topic',
  19: 'too few replicas are in sync (min.insync.replicas)',
  20: 'too few replicas were in sync to confirm the write (min.insync.replicas)',
  29: 'no permission to write to the topic',
  31: 'no permission for this at the cluster',
  32: 'the time of the sample is out of the range that the topic takes (message.timestamp…max.ms)',
  33: 'it does not offer this way of logging in',
  35: 'it does not speak this version of the protocol',
  43: 'the topic keeps messages of an old format',
  44: 'a policy of the cluster forbids it',
  56: 'its disk failed',
  58: 'wrong user name, password or token',
  76: 'it does not take this compression',
  87: 'the record is not valid for this topic',
  89: 'the quota is used up',
}

/** What happens after a code. */
export type Verdict =
  /** The cluster has the batch. */
  | 'taken'
  /** The batch is too large, or one of its records is refused: smaller ones find it. */
  | 'split'
  /** Another broker leads the partition now. */
  | 'moved'
  /** The cluster has lost track of our numbering. */
  | 'renumber'
  /** A person must act. */
  | 'refused'
  | 'busy'
  | 'unknown'

const VERDICTS: readonly (readonly [Verdict, readonly number[]])[] = [
  // 46: it was appended already.
  ['taken', [0, 46]],
  ['split', [10, 18, 32, 87]],
  ['moved', [3, 5, 6, 9, 13, 56, 72, 74, 75, 100, 103]],
  ['renumber', [45, 47, 49, 59]],
  ['refused', [17, 21, 29, 31, 33, 34, 35, 43, 44, 53, 58, 76]],
  ['busy', [7, 8, 14, 15, 16, 19, 20, 41, 51, 60, 89]],
]

const VERDICT_OF = new Map(VERDICTS.flatMap(([verdict, codes]) => codes.map((code) => [code, verdict] as const)))
/** After these the batch may be in the log all the same. */
const UNSURE = new Set([7, 20])
const BUSY_MS = 1000

export const verdictOf = (code: number): Verdict => VERDICT_OF.get(code) ?? 'unknown'
export const isUnsure = (code: number): boolean => UNSURE.has(code)
export const codeText = (code: number): string =>
  WORDS[code] === undefined ? `error code ${code}` : `${WORDS[code]} (${code})`

/** A code as an error; `what` begins the sentence and names broker or topic. */
export function codeError(what: string, code: number, detail?: string | null): GatewayError {
  const sentence = `${what}: ${codeText(code)}${detail ? `: ${detail}` : ''}`
  const details = { errorCode: code }
  switch (verdictOf(code)) {
    case 'refused':
      return new GatewayError('SINK_REFUSED', sentence, { details })
    case 'moved':
    case 'busy':
    case 'renumber':
      return new BusyError(sentence, BUSY_MS, { details })
    default:
      return new GatewayError('INTERNAL', sentence, { details })
  }
}

/** Why a broker cannot be talked to, or no longer: what is wrong with certificate or login needs a person. */
export function connectionError(
  target: Target,
  error: unknown,
  user: string | undefined,
  connected = false,
): GatewayError {
  if (error instanceof GatewayError) return error
  const broker = endpointOf(target)
  const tls = tlsWords(error)
  if (tls !== undefined) return refused(`no secure connection to ${broker}: ${tls}`, error)
  const errors = [...chain(error)]
  const told = errors.find((each) => each instanceof GatewayError)
  if (told !== undefined) return new NotConnectedError(`${broker} ${told.message}`, { cause: error })
  if (errors.some((each) => each.message === 'Broker requires TLS.'))
    return refused(`${broker} wants TLS: set tls: true`, error)
  const login = loginWords(errors, user)
  if (login !== undefined) return refused(`${broker} ${login}`, error)
  if (connected)
    return new NotConnectedError(`the connection to ${broker} is lost: ${plain(errors.at(-1))}`, { cause: error })
  const system = errors.find((each): each is NodeJS.ErrnoException => 'syscall' in each)
  if (system !== undefined) return connectError(target, system)
  return new NotConnectedError(`${broker} cannot be connected: ${plain(errors.at(-1))}`, { cause: error })
}

function loginWords(errors: readonly Error[], user: string | undefined): string | undefined {
  const codes = errors.map((each) => ('apiCode' in each ? each.apiCode : undefined))
  if (codes.includes(33)) return 'does not offer this way of logging in; choose another sasl'
  if (!codes.includes(58) && !errors.some((each) => 'code' in each && each.code === 'PLT_KFK_AUTHENTICATION'))
    return undefined
  const who = user === undefined ? 'our login' : `the login of "${user}"`
  const why = errors.map((each) => ('serverErrorMessage' in each ? each.serverErrorMessage : undefined)).find(Boolean)
  return `refused ${who}: ${typeof why === 'string' ? why : plain(errors.at(-1))}`
}

const CLOSED = 'it closed the connection; perhaps it wants TLS or a login (tls, sasl), or this is no port of Kafka'

function plain(error: Error | undefined): string {
  if (error === undefined || error.message.startsWith('Connection closed')) return CLOSED
  return error.message
}

const refused = (sentence: string, cause: unknown) => new GatewayError('SINK_REFUSED', sentence, { cause })

/** The error, what it holds and what caused it. */
function* chain(error: unknown, depth = 0): Iterable<Error> {
  if (!(error instanceof Error) || depth > 5) return
  yield error
  if (error instanceof AggregateError) for (const each of error.errors) yield* chain(each, depth + 1)
  yield* chain(error.cause, depth + 1)
}
