/** What the errors of Redis and Valkey mean for us: their first word is a code. Each as an error of the catalogue, in words. */
import { BusyError, GatewayError, NotConnectedError } from '../../core/errors.ts'

const BUSY_MS = 2000

/** An error reply: `-WRONGTYPE Operation against …`. */
export class RedisReply extends Error {
  /** The first word where it is in capitals, else ERR. */
  readonly code: string

  constructor(text: string) {
    super(text)
    this.name = 'RedisReply'
    this.code = /^[A-Z]+(?= |$)/.exec(text)?.[0] ?? 'ERR'
  }
}

/** XADD with an id that is not above the last one of the stream. */
const isIdTooSmall = ({ message }: RedisReply): boolean => message.includes('equal or smaller than the target')

/** What an error reply to this command leads to; `key` is the key it was about. */
export function replyError(url: string, reply: RedisReply, command: string, key: string, user: string): GatewayError {
  const { code, message } = reply
  const said = `${url}: ${command} ${JSON.stringify(key)}: ${message}`
  const extra = { cause: reply, details: { reply: code } }
  const refused = (sentence: string) => new GatewayError('SINK_REFUSED', sentence, extra)
  switch (code) {
    case 'NOAUTH':
      return refused(`${url} wants a password, and none is configured: ${message}`)
    case 'WRONGPASS':
      return refused(`${url} refused user "${user}": wrong user name or password`)
    case 'NOPERM':
      return refused(`${said}; allow it: ACL SETUSER ${user} +${command.toLowerCase()} ~${key}`)
    case 'WRONGTYPE':
      return refused(`${said}; the key ${JSON.stringify(key)} holds something else: rename it, or give the sink another key`) // prettier-ignore
    case 'MOVED':
    case 'ASK':
    case 'CROSSSLOT':
      return refused(`${said}; it is a node of a Redis Cluster, to which this sink does not deliver: use a server, or a proxy before the cluster`) // prettier-ignore
    case 'READONLY':
      return new NotConnectedError(`${url} is a replica now: ${message}`, extra)
    case 'OOM':
      return new BusyError(`${url} has no memory left (maxmemory), it takes nothing more: ${message}`, BUSY_MS, extra)
    case 'LOADING':
    case 'BUSY':
    case 'MISCONF':
    case 'NOREPLICAS':
    case 'MASTERDOWN':
    case 'CLUSTERDOWN':
    case 'TRYAGAIN':
      return new BusyError(`${url} cannot take it now: ${message}`, BUSY_MS, extra)
  }
  if (isIdTooSmall(reply))
    return refused(`${url}: somebody else adds to the stream ${JSON.stringify(key)}: give each gateway a stream of its own, or set ids: time`) // prettier-ignore
  if (/max number of clients/.test(message)) return new BusyError(`${url} has no room: ${message}`, BUSY_MS, extra)
  if (/invalid password|without any password configured|wrong number of arguments for 'auth'/.test(message))
    return refused(`${url} refused the login: ${message}`)
  if (/unknown command|DB index is out of range|SELECT is not allowed/.test(message)) return refused(said)
  return new GatewayError('INTERNAL', said, extra)
}
