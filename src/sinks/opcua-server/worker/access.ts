/**
 * Who may do what. A role is one bit; a tag has the roles that see it and those that write it. node-opcua asks the context of a session
 * for permissions: of our nodes it gets our answer, of all others its own.
 */
import { PermissionFlag } from 'node-opcua-client'
import type { ServerSession } from 'node-opcua-server'
import { matchesTag } from '../../../core/tag-pattern.ts'
import type { TagNode } from '../messages.ts'
import type { OpcuaServerOptions } from '../options.ts'

export const ROLE = { viewer: 1, operator: 2 } as const
export type Role = keyof typeof ROLE

/** What a tag lets roles do, each a set of role bits. */
export interface Rights {
  readonly readers: number
  readonly writers: number
}

/** What a session may do: nothing until it is activated; another user may take it over. */
export class Visitor {
  role = 0
  user = ''
  /** Address and port of the client. */
  from = ''

  mayRead({ readers }: Rights): boolean {
    return (readers & this.role) !== 0
  }

  mayWrite({ writers }: Rights): boolean {
    return (writers & this.role) !== 0
  }
}

export function rightsOf(
  { device, name, writable }: TagNode,
  { viewer, operator, writable: isOpen }: OpcuaServerOptions,
): Rights {
  const sees = (patterns: readonly string[]): boolean => patterns.some((pattern) => matchesTag(pattern, device, name))
  const operates = sees(operator) ? ROLE.operator : 0
  return { readers: (sees(viewer) ? ROLE.viewer : 0) | operates, writers: isOpen && writable ? operates : 0 }
}

const READING = PermissionFlag.Browse | PermissionFlag.Read | PermissionFlag.ReadHistory
const WRITING: number = PermissionFlag.Write
const NOBODY = new Visitor()

export class Access {
  readonly #visitors = new WeakMap<object, Visitor>()
  readonly #rights = new WeakMap<object, Rights>()

  /** This node shows something of a tag with these rights. */
  guard(node: object, rights: Rights): void {
    this.#rights.set(node, rights)
  }

  /** Undefined: it shows nothing of a tag. */
  rightsOn(node: object | null): Rights | undefined {
    return node === null ? undefined : this.#rights.get(node)
  }

  /** A session has a user now. */
  admit(session: ServerSession, user: string, role: Role | undefined): void {
    let visitor = this.#visitors.get(session)
    if (visitor === undefined) {
      visitor = new Visitor()
      this.#visitors.set(session, visitor)
      this.#installOn(session, visitor)
    }
    visitor.user = user
    visitor.role = role === undefined ? 0 : ROLE[role]
    visitor.from = addressOf(session)
  }

  of(session: object | undefined): Visitor {
    return (session && this.#visitors.get(session)) ?? NOBODY
  }

  #installOn(session: ServerSession, visitor: Visitor): void {
    const context = session.sessionContext
    const ask = context.checkPermission.bind(context)
    context.checkPermission = (node, permission) => {
      const flag: number = permission
      const rights = this.#rights.get(node)
      if (rights === undefined) return !isOfSessions(node.nodeId) && ask(node, permission)
      if ((flag & READING) !== 0) return visitor.mayRead(rights)
      return flag === WRITING && visitor.mayWrite(rights)
    }
  }
}

/** node-opcua's own namespace has nothing but the diagnostics of all sessions: names of users, addresses, what they subscribe to. */
const SESSIONS_NAMESPACE = 1
/** SubscriptionDiagnosticsArray, SessionDiagnosticsArray, SessionSecurityDiagnosticsArray (OPC 10000-5, 6.3.3 and 6.3.4). */
const OF_ALL_SESSIONS = new Set<unknown>([2290, 3707, 3708])

/** The standard leaves them to administrators (OPC 10000-5, 6.3.5), and there is none here. */
const isOfSessions = ({ namespace, value }: { readonly namespace: number; readonly value: unknown }): boolean =>
  namespace === SESSIONS_NAMESPACE || (namespace === 0 && OF_ALL_SESSIONS.has(value))

export const addressOf = (session: ServerSession): string => {
  const { remoteAddress, remotePort } = session.channel ?? {}
  return remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort}`
}
