/** What the API of the gateway takes and answers. Made of its OpenAPI document by `npm run docs`; not to be edited. */

/** A problem as RFC 9457 has it */
export type Problem = {
  /** Address of a page that explains this kind of problem */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What is wrong with this request */
  readonly detail: string
  /** The address that was asked for */
  readonly instance: string
  readonly code:
    | 'CONFIG_INVALID'
    | 'USAGE'
    | 'NOT_CONNECTED'
    | 'TIMEOUT'
    | 'PROTOCOL_VIOLATION'
    | 'DEVICE_REFUSED'
    | 'ACCESS_REFUSED'
    | 'BUSY'
    | 'SINK_REJECTED'
    | 'SINK_PARTIAL'
    | 'SINK_REFUSED'
    | 'PORT_IN_USE'
    | 'STORE_LOCKED'
    | 'STORE_FAILED'
    | 'BACKUP_FAILED'
    | 'BACKUP_REFUSED'
    | 'NOT_FOUND'
    | 'INVALID_REQUEST'
    | 'METHOD_NOT_ALLOWED'
    | 'BODY_TOO_LARGE'
    | 'MEDIA_TYPE_UNSUPPORTED'
    | 'INVALID_VALUE'
    | 'WRITE_FORBIDDEN'
    | 'SCAN_FORBIDDEN'
    | 'WRITE_FAILED'
    | 'WRITE_UNKNOWN'
    | 'WRITE_SUPERSEDED'
    | 'WRITE_EXPIRED'
    | 'SIGN_IN_REQUIRED'
    | 'SETUP_REQUIRED'
    | 'SIGN_IN_FAILED'
    | 'FORBIDDEN'
    | 'CONFLICT'
    | 'KEY_IN_USE'
    | 'KEY_REUSED'
    | 'CHANGED_MEANWHILE'
    | 'IF_MATCH_REQUIRED'
    | 'CONFIG_READ_ONLY'
    | 'WRITE_LOCKED'
    | 'WRITE_INTERLOCKED'
    | 'APPROVAL_REQUIRED'
    | 'ORIGIN_FORBIDDEN'
    | 'RELEASE_REFUSED'
    | 'UPDATE_FAILED'
    | 'SHUTTING_DOWN'
    | 'INTERNAL'
  /** The next step */
  readonly help: string
  /** As in the log, the audit and the header x-correlation-id */
  readonly traceId?: string | undefined
  readonly errors?:
    | readonly {
        readonly detail: string
        /** JSON Pointer (RFC 6901) as a URI fragment */
        readonly pointer: string
      }[]
    | undefined
  /** The one that is missing */
  readonly permission?: string | undefined
  /** Of a change of the configuration */
  readonly details?:
    | {
        /** What somebody else has changed */
        readonly diff?: string | undefined
        /** What would have been changed, for `patch -p1` in `folder` */
        readonly patch?: string | undefined
        readonly folder?: string | undefined
        readonly file?: string | undefined
        readonly line?: number | undefined
        /** What can be sent as `choice` */
        readonly choices?: readonly string[] | undefined
        /** Of the configuration that runs */
        readonly hash?: string | undefined
        readonly version?: number | undefined
      }
    | undefined
  /** What the device said, when a write failed */
  readonly result?:
    | {
        /** OPC UA StatusCode (OPC 10000-4) */
        readonly status?:
          | {
              readonly code: number
              readonly name: string
            }
          | undefined
        readonly readBack: number | boolean | string | null
        /** OPC UA StatusCode (OPC 10000-4) */
        readonly readBackStatus?:
          | {
              readonly code: number
              readonly name: string
            }
          | undefined
      }
    | undefined
}

export interface Operations {
  /** Is this process alive: never says anything about devices or sinks */
  'GET /livez': {
    params: undefined
    query: {
      /** Present: every check is listed */
      readonly verbose?: string | undefined
    }
    body: undefined
    answer:
      | string
      | {
          readonly ok: boolean
          readonly checks: readonly {
            readonly name: string
            readonly ok: boolean
            readonly detail: string
            /** All is well, and yet somebody should look soon */
            readonly attention?: true | undefined
            /** Since when it is as it is, for those who may see all */
            readonly since?: string | undefined
          }[]
        }
    problems: 'INVALID_REQUEST' | 'ORIGIN_FORBIDDEN'
  }
  /** Is the configuration loaded and can the log be written */
  'GET /readyz': {
    params: undefined
    query: {
      /** Present: every check is listed */
      readonly verbose?: string | undefined
    }
    body: undefined
    answer:
      | string
      | {
          readonly ok: boolean
          readonly checks: readonly {
            readonly name: string
            readonly ok: boolean
            readonly detail: string
            /** All is well, and yet somebody should look soon */
            readonly attention?: true | undefined
            /** Since when it is as it is, for those who may see all */
            readonly since?: string | undefined
          }[]
        }
    problems: 'INVALID_REQUEST' | 'ORIGIN_FORBIDDEN'
  }
  /** Has the gateway been started */
  'GET /startupz': {
    params: undefined
    query: {
      /** Present: every check is listed */
      readonly verbose?: string | undefined
    }
    body: undefined
    answer:
      | string
      | {
          readonly ok: boolean
          readonly checks: readonly {
            readonly name: string
            readonly ok: boolean
            readonly detail: string
            /** All is well, and yet somebody should look soon */
            readonly attention?: true | undefined
            /** Since when it is as it is, for those who may see all */
            readonly since?: string | undefined
          }[]
        }
    problems: 'INVALID_REQUEST' | 'ORIGIN_FORBIDDEN'
  }
  /** Metrics for Prometheus */
  'GET /metrics': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
    problems: 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** What this is, with links */
  'GET /': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
    problems: 'BUSY' | 'ORIGIN_FORBIDDEN'
  }
  /** What a problem means and what to do about it */
  'GET /problems/{code}': {
    params: {
      readonly code: string
    }
    query: undefined
    body: undefined
    answer:
      | {
          readonly code: string
          readonly title: string
          readonly status: number
          /** The same request may succeed later without a change by a person */
          readonly retry: boolean
          readonly help: string
        }
      | string
    problems: 'BUSY' | 'NOT_FOUND' | 'INVALID_REQUEST' | 'ORIGIN_FORBIDDEN'
  }
  /** This API as an OpenAPI document */
  'GET /api/openapi.json': {
    params: undefined
    query: undefined
    body: undefined
    answer: Readonly<Record<string, unknown>>
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'ORIGIN_FORBIDDEN'
  }
  /** Who am I, and what may I do */
  'GET /api/v1/session': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      /** open: nobody is asked who they are */
      readonly access: 'accounts' | 'open'
      /** There is no administrator yet */
      readonly setup: boolean
      /** The provider at which people sign in, too */
      readonly singleSignOn: string | null
      /** null: nobody is signed in */
      readonly user: {
        readonly name: string
        readonly kind: 'user' | 'token' | 'certificate' | 'host' | 'open'
        readonly roles: readonly string[]
        /** For at least one device */
        readonly permissions: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        /** Of these, those that are not for every device */
        readonly limited: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        readonly session: {
          /** Names it; of no use as a cookie */
          readonly id: string
          readonly user: string
          readonly via: 'password' | 'oidc' | 'setup'
          readonly createdAt: string
          readonly lastUsedAt: string
          /** At the latest */
          readonly endsAt: string
          readonly address: string
          readonly agent: string | null
          /** The one of this request */
          readonly current: boolean
        } | null
      } | null
    }
    problems: 'BUSY' | 'ORIGIN_FORBIDDEN'
  }
  /** Sign in */
  'POST /api/v1/session': {
    params: undefined
    query: undefined
    body: {
      readonly name: string
      readonly password: string
    }
    answer: {
      /** open: nobody is asked who they are */
      readonly access: 'accounts' | 'open'
      /** There is no administrator yet */
      readonly setup: boolean
      /** The provider at which people sign in, too */
      readonly singleSignOn: string | null
      /** null: nobody is signed in */
      readonly user: {
        readonly name: string
        readonly kind: 'user' | 'token' | 'certificate' | 'host' | 'open'
        readonly roles: readonly string[]
        /** For at least one device */
        readonly permissions: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        /** Of these, those that are not for every device */
        readonly limited: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        readonly session: {
          /** Names it; of no use as a cookie */
          readonly id: string
          readonly user: string
          readonly via: 'password' | 'oidc' | 'setup'
          readonly createdAt: string
          readonly lastUsedAt: string
          /** At the latest */
          readonly endsAt: string
          readonly address: string
          readonly agent: string | null
          /** The one of this request */
          readonly current: boolean
        } | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SETUP_REQUIRED'
      | 'SIGN_IN_FAILED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Sign out */
  'DELETE /api/v1/session': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly signedOut: boolean
    }
    problems:
      'BUSY' | 'STORE_FAILED' | 'INVALID_REQUEST' | 'BODY_TOO_LARGE' | 'MEDIA_TYPE_UNSUPPORTED' | 'ORIGIN_FORBIDDEN'
  }
  /** Change my own password */
  'PUT /api/v1/session/password': {
    params: undefined
    query: undefined
    body: {
      readonly old: string
      /** At least 12 characters */
      readonly new: string
    }
    answer: {
      readonly done: true
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'SIGN_IN_FAILED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Sign in at the provider of the organisation */
  'GET /api/v1/session/oidc': {
    params: undefined
    query: undefined
    body: undefined
    answer: unknown
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'ACCESS_REFUSED'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_FAILED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Where the provider sends the browser back to */
  'GET /api/v1/session/oidc/callback': {
    params: undefined
    query: undefined
    body: undefined
    answer: unknown
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'ACCESS_REFUSED'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_FAILED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Whether the first administrator is still to be made */
  'GET /api/v1/setup': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly needed: boolean
    }
    problems: 'BUSY' | 'ORIGIN_FORBIDDEN'
  }
  /** Make the first administrator */
  'POST /api/v1/setup': {
    params: undefined
    query: undefined
    body: {
      /** From the one-time link on the console of the gateway */
      readonly token: string
      readonly name: string
      /** At least 12 characters */
      readonly password: string
    }
    answer: {
      /** open: nobody is asked who they are */
      readonly access: 'accounts' | 'open'
      /** There is no administrator yet */
      readonly setup: boolean
      /** The provider at which people sign in, too */
      readonly singleSignOn: string | null
      /** null: nobody is signed in */
      readonly user: {
        readonly name: string
        readonly kind: 'user' | 'token' | 'certificate' | 'host' | 'open'
        readonly roles: readonly string[]
        /** For at least one device */
        readonly permissions: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        /** Of these, those that are not for every device */
        readonly limited: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        readonly session: {
          /** Names it; of no use as a cookie */
          readonly id: string
          readonly user: string
          readonly via: 'password' | 'oidc' | 'setup'
          readonly createdAt: string
          readonly lastUsedAt: string
          /** At the latest */
          readonly endsAt: string
          readonly address: string
          readonly agent: string | null
          /** The one of this request */
          readonly current: boolean
        } | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_FAILED'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Everybody who may sign in */
  'GET /api/v1/users': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly users: readonly {
        readonly name: string
        readonly origin: 'local' | 'oidc'
        readonly roles: readonly string[]
        readonly enabled: boolean
        readonly createdAt: string
        readonly passwordChangedAt: string | null
        readonly lastSignInAt: string | null
        readonly sessions: number
        /** No password is taken before, for too many wrong ones */
        readonly pausedUntil: string | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Add a user */
  'POST /api/v1/users': {
    params: undefined
    query: undefined
    body: {
      readonly name: string
      /** At least 12 characters */
      readonly password: string
      readonly roles: readonly string[]
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly name: string
      readonly origin: 'local' | 'oidc'
      readonly roles: readonly string[]
      readonly enabled: boolean
      readonly createdAt: string
      readonly passwordChangedAt: string | null
      readonly lastSignInAt: string | null
      readonly sessions: number
      /** No password is taken before, for too many wrong ones */
      readonly pausedUntil: string | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** One user */
  'GET /api/v1/users/{user}': {
    params: {
      /** Name of the user */
      readonly user: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly name: string
      readonly origin: 'local' | 'oidc'
      readonly roles: readonly string[]
      readonly enabled: boolean
      readonly createdAt: string
      readonly passwordChangedAt: string | null
      readonly lastSignInAt: string | null
      readonly sessions: number
      /** No password is taken before, for too many wrong ones */
      readonly pausedUntil: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Give a user other roles, let them in or not, end a pause */
  'PATCH /api/v1/users/{user}': {
    params: {
      /** Name of the user */
      readonly user: string
    }
    query: undefined
    body: {
      /** In place of those of before; sessions end */
      readonly roles?: readonly string[] | undefined
      /** false: sessions end, tokens rest */
      readonly enabled?: boolean | undefined
      /** Ends the pause after wrong passwords */
      readonly unlock?: true | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly name: string
      readonly origin: 'local' | 'oidc'
      readonly roles: readonly string[]
      readonly enabled: boolean
      readonly createdAt: string
      readonly passwordChangedAt: string | null
      readonly lastSignInAt: string | null
      readonly sessions: number
      /** No password is taken before, for too many wrong ones */
      readonly pausedUntil: string | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Remove a user, with sessions and tokens */
  'DELETE /api/v1/users/{user}': {
    params: {
      /** Name of the user */
      readonly user: string
    }
    query: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    body: undefined
    answer: {
      readonly done: true
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Set a new password for a user, when the old one is lost */
  'PUT /api/v1/users/{user}/password': {
    params: {
      /** Name of the user */
      readonly user: string
    }
    query: undefined
    body: {
      /** At least 12 characters */
      readonly password: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly done: true
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Roles, and the permissions that they are made of */
  'GET /api/v1/roles': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly roles: readonly {
        readonly name: string
        /** Of the configuration */
        readonly custom: boolean
        readonly grants: readonly {
          readonly permissions: readonly (
            | 'view'
            | 'export'
            | 'write'
            | 'acknowledge'
            | 'approve'
            | 'maintain'
            | 'lock'
            | 'diagnose'
            | 'parameters'
            | 'devices.manage'
            | 'sinks.manage'
            | 'scan'
            | 'config.read'
            | 'config.write'
            | 'certificates.manage'
            | 'audit.read'
            | 'accounts.manage'
          )[]
          /** Only with these; patterns may have * */
          readonly devices?: readonly string[] | undefined
          /** Only with devices in these */
          readonly areas?: readonly string[] | undefined
        }[]
      }[]
      readonly permissions: readonly {
        readonly name:
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        readonly means: string
        /** May be limited to devices and areas */
        readonly scoped: boolean
      }[]
      readonly next: null
    }
    problems:
      'BUSY' | 'NOT_FOUND' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'CONFLICT' | 'ORIGIN_FORBIDDEN'
  }
  /** API tokens: my own, or all for who manages accounts */
  'GET /api/v1/tokens': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly tokens: readonly {
        readonly id: string
        readonly name: string
        readonly owner: string
        readonly grants: readonly {
          readonly permissions: readonly (
            | 'view'
            | 'export'
            | 'write'
            | 'acknowledge'
            | 'approve'
            | 'maintain'
            | 'lock'
            | 'diagnose'
            | 'parameters'
            | 'devices.manage'
            | 'sinks.manage'
            | 'scan'
            | 'config.read'
            | 'config.write'
            | 'certificates.manage'
            | 'audit.read'
            | 'accounts.manage'
          )[]
          /** Only with these; patterns may have * */
          readonly devices?: readonly string[] | undefined
          /** Only with devices in these */
          readonly areas?: readonly string[] | undefined
        }[]
        readonly createdAt: string
        /** null: never */
        readonly expiresAt: string | null
        readonly lastUsedAt: string | null
        readonly lastUsedFrom: string | null
        readonly state: 'valid' | 'expired' | 'revoked'
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Make an API token */
  'POST /api/v1/tokens': {
    params: undefined
    query: undefined
    body: {
      readonly name: string
      readonly grants: readonly {
        readonly permissions: readonly (
          | 'view'
          | 'export'
          | 'write'
          | 'acknowledge'
          | 'approve'
          | 'maintain'
          | 'lock'
          | 'diagnose'
          | 'parameters'
          | 'devices.manage'
          | 'sinks.manage'
          | 'scan'
          | 'config.read'
          | 'config.write'
          | 'certificates.manage'
          | 'audit.read'
          | 'accounts.manage'
        )[]
        /** Only with these; patterns may have * */
        readonly devices?: readonly string[] | undefined
        /** Only with devices in these */
        readonly areas?: readonly string[] | undefined
      }[]
      /** null: never */
      readonly expiresAt: string | null
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      /** Shown this once */
      readonly token: string
      readonly info: {
        readonly id: string
        readonly name: string
        readonly owner: string
        readonly grants: readonly {
          readonly permissions: readonly (
            | 'view'
            | 'export'
            | 'write'
            | 'acknowledge'
            | 'approve'
            | 'maintain'
            | 'lock'
            | 'diagnose'
            | 'parameters'
            | 'devices.manage'
            | 'sinks.manage'
            | 'scan'
            | 'config.read'
            | 'config.write'
            | 'certificates.manage'
            | 'audit.read'
            | 'accounts.manage'
          )[]
          /** Only with these; patterns may have * */
          readonly devices?: readonly string[] | undefined
          /** Only with devices in these */
          readonly areas?: readonly string[] | undefined
        }[]
        readonly createdAt: string
        /** null: never */
        readonly expiresAt: string | null
        readonly lastUsedAt: string | null
        readonly lastUsedFrom: string | null
        readonly state: 'valid' | 'expired' | 'revoked'
      }
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Revoke an API token, at once and for good */
  'DELETE /api/v1/tokens/{token}': {
    params: {
      /** Its id */
      readonly token: string
    }
    query: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    body: undefined
    answer: {
      readonly done: true
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Sessions: my own, or all for who manages accounts */
  'GET /api/v1/sessions': {
    params: undefined
    query: {
      /** Of this user; your own where absent */
      readonly user?: string | undefined
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly sessions: readonly {
        /** Names it; of no use as a cookie */
        readonly id: string
        readonly user: string
        readonly via: 'password' | 'oidc' | 'setup'
        readonly createdAt: string
        readonly lastUsedAt: string
        /** At the latest */
        readonly endsAt: string
        readonly address: string
        readonly agent: string | null
        /** The one of this request */
        readonly current: boolean
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** End all sessions of a user but the one that asks */
  'DELETE /api/v1/sessions': {
    params: undefined
    query: {
      /** Of this user; your own where absent */
      readonly user?: string | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    body: undefined
    answer: {
      readonly ended: number
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** End a session */
  'DELETE /api/v1/sessions/{session}': {
    params: {
      /** Its id */
      readonly session: string
    }
    query: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    body: undefined
    answer: {
      readonly done: true
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Devices, in the order of the configuration */
  'GET /api/v1/devices': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly devices: readonly {
        readonly name: string
        /** received: it comes from another gateway */
        readonly kind: 'polled' | 'received'
        /** File and line of the configuration that describe it, such as conf.d/presses.yaml:12 */
        readonly owner: string | null
        /** `received` where another gateway polls it */
        readonly driver: string
        readonly endpoint: string
        readonly enabled: boolean
        /** Its options say `insecure: true`: others can read and change its traffic */
        readonly insecure: boolean
        readonly state: 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'
        readonly stateSince: string
        readonly reason: string | null
        readonly lastGoodAt: string | null
        readonly lastGoodAgeMs: number | null
        readonly tags: {
          readonly total: number
          readonly good: number
          readonly uncertain: number
          readonly bad: number
        }
        readonly polls: {
          readonly total: number
          readonly ok: number
          readonly failed: number
          readonly overruns: number
        }
        readonly requests: {
          readonly ok: number
          readonly failed: number
          readonly timeout: number
        }
        readonly reconnects: number
        /** Samples that were read from the device’s own history, to fill gaps */
        readonly backfilled: number
        readonly pollMs: {
          readonly p50: number | null
          readonly p95: number | null
          readonly p99: number | null
        }
        readonly latenessMs: {
          readonly p50: number | null
          readonly p95: number | null
          readonly p99: number | null
        }
        /** The greatest share of its interval that a poll took in the last minute or two, waiting included: 1 and more is too long; null: there was none */
        readonly duty: number | null
        /** Read, over the last ten seconds; null: not known */
        readonly samplesPerSecond: number | null
        /** The maintenance window that it is in: nobody is woken by its alerts; null: none */
        readonly maintenance: {
          readonly id: string
          readonly by: string
          readonly reason: string
          readonly until: string
        } | null
        /** How its subscriptions do; null where it has none */
        readonly liveness: {
          /** 0 while the evidence says that the subscriptions are alive */
          readonly staleForSeconds: number
          /** When they proved last that they are alive */
          readonly provenAt: string | null
          readonly subscriptions: number
          readonly monitoredItems: number
          readonly rebuilds: {
            readonly subscription: number
            readonly session: number
            readonly socket: number
          }
          readonly missed: number
          readonly republished: number
          readonly overflows: number
          readonly canaries: number
          /** The clock of the device before ours */
          readonly clockOffsetMs: number | null
          readonly clockResets: number
        } | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** One device */
  'GET /api/v1/devices/{device}': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly name: string
      /** received: it comes from another gateway */
      readonly kind: 'polled' | 'received'
      /** File and line of the configuration that describe it, such as conf.d/presses.yaml:12 */
      readonly owner: string | null
      /** `received` where another gateway polls it */
      readonly driver: string
      readonly endpoint: string
      readonly enabled: boolean
      /** Its options say `insecure: true`: others can read and change its traffic */
      readonly insecure: boolean
      readonly state: 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'
      readonly stateSince: string
      readonly reason: string | null
      readonly lastGoodAt: string | null
      readonly lastGoodAgeMs: number | null
      readonly tags: {
        readonly total: number
        readonly good: number
        readonly uncertain: number
        readonly bad: number
      }
      readonly polls: {
        readonly total: number
        readonly ok: number
        readonly failed: number
        readonly overruns: number
      }
      readonly requests: {
        readonly ok: number
        readonly failed: number
        readonly timeout: number
      }
      readonly reconnects: number
      /** Samples that were read from the device’s own history, to fill gaps */
      readonly backfilled: number
      readonly pollMs: {
        readonly p50: number | null
        readonly p95: number | null
        readonly p99: number | null
      }
      readonly latenessMs: {
        readonly p50: number | null
        readonly p95: number | null
        readonly p99: number | null
      }
      /** The greatest share of its interval that a poll took in the last minute or two, waiting included: 1 and more is too long; null: there was none */
      readonly duty: number | null
      /** Read, over the last ten seconds; null: not known */
      readonly samplesPerSecond: number | null
      /** The maintenance window that it is in: nobody is woken by its alerts; null: none */
      readonly maintenance: {
        readonly id: string
        readonly by: string
        readonly reason: string
        readonly until: string
      } | null
      /** How its subscriptions do; null where it has none */
      readonly liveness: {
        /** 0 while the evidence says that the subscriptions are alive */
        readonly staleForSeconds: number
        /** When they proved last that they are alive */
        readonly provenAt: string | null
        readonly subscriptions: number
        readonly monitoredItems: number
        readonly rebuilds: {
          readonly subscription: number
          readonly session: number
          readonly socket: number
        }
        readonly missed: number
        readonly republished: number
        readonly overflows: number
        readonly canaries: number
        /** The clock of the device before ours */
        readonly clockOffsetMs: number | null
        readonly clockResets: number
      } | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Try a device before it is configured */
  'POST /api/v1/connections/test': {
    params: undefined
    query: undefined
    body: {
      /** As in the configuration */
      readonly driver: string
      /** As in the configuration; `${…}` is not replaced */
      readonly options?: Readonly<Record<string, unknown>> | undefined
      /** What is read at last; absent: the device is asked who it is */
      readonly address?: string | undefined
      /** Of the address, where it does not say it itself */
      readonly type?:
        | 'bool'
        | 'int8'
        | 'uint8'
        | 'int16'
        | 'uint16'
        | 'int32'
        | 'uint32'
        | 'int64'
        | 'uint64'
        | 'float32'
        | 'float64'
        | 'string'
        | 'bytes'
        | undefined
      /** For all stages together: `10s` */
      readonly timeout?: number | string | undefined
    }
    answer:
      | {
          readonly ok: boolean
          readonly stages: readonly {
            readonly stage: 'dns' | 'tcp' | 'tls' | 'session' | 'read'
            /** skipped: there is nothing to do here; not-reached: an earlier one failed */
            readonly result: 'ok' | 'failed' | 'skipped' | 'not-reached'
            readonly ms: number | null
            /** What came of it, or why not */
            readonly detail: string | null
            /** The next step, where it failed */
            readonly help: string | null
            /** Of the first read */
            readonly found?:
              | {
                  /** What the device says of itself; many say nothing */
                  readonly identity: {
                    readonly vendor?: string | undefined
                    readonly product?: string | undefined
                    readonly serial?: string | undefined
                    readonly firmware?: string | undefined
                  }
                  /** Absent where no address was given */
                  readonly value?:
                    | {
                        readonly value: number | boolean | string | null
                        readonly type: string
                        /** Name of the status */
                        readonly status: string
                      }
                    | undefined
                }
              | undefined
          }[]
        }
      | string
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Read tags of a device before it is configured */
  'POST /api/v1/connections/preview': {
    params: undefined
    query: undefined
    body: {
      /** As in the configuration */
      readonly driver: string
      /** As in the configuration; `${…}` is not replaced */
      readonly options?: Readonly<Record<string, unknown>> | undefined
      /** As in a list of tags; `name` may be absent, and `type` where the device or the address says it */
      readonly tags: readonly Readonly<Record<string, string | number | boolean | null>>[]
      /** For everything together: `15s` */
      readonly timeout?: number | string | undefined
    }
    answer: {
      /** In the order of the tags */
      readonly values: readonly {
        /** Which of the given tags; members of an array have the same */
        readonly index: number
        readonly name: string
        readonly address: string
        readonly type:
          | 'bool'
          | 'int8'
          | 'uint8'
          | 'int16'
          | 'uint16'
          | 'int32'
          | 'uint32'
          | 'int64'
          | 'uint64'
          | 'float32'
          | 'float64'
          | 'string'
          | 'bytes'
          | null
        /** Scaled, as a tag of a configuration */
        readonly value: number | boolean | string | null
        /** Before scaling; null where nothing is scaled */
        readonly rawValue: number | boolean | string | null
        /** The name of the value, where the tag names its numbers */
        readonly text: string | null
        readonly unit: string | null
        /** null: it was not read */
        readonly status: {
          readonly code: number
          readonly name: string
        } | null
        /** Why there is no good value, in a sentence */
        readonly reason: string | null
        /** Source time, ISO 8601 */
        readonly time: string | null
        /** What the value was made of, as hex: two bytes a register, one a bit; null: not known */
        readonly raw: string | null
        /** What is wrong with the tag as it was given; such a tag is not read */
        readonly faults: readonly {
          readonly column: string
          readonly message: string
        }[]
      }[]
      readonly elapsedMs: number
      readonly next: null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'PROTOCOL_VIOLATION'
      | 'DEVICE_REFUSED'
      | 'ACCESS_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Run a tool on a device before it is configured */
  'POST /api/v1/connections/tools/{tool}': {
    params: {
      /** Name of the tool */
      readonly tool: string
    }
    query: undefined
    body: {
      /** As in the configuration */
      readonly driver: string
      /** As in the configuration; `${…}` is not replaced */
      readonly options?: Readonly<Record<string, unknown>> | undefined
      /** The fields of the tool */
      readonly input?: Readonly<Record<string, unknown>> | undefined
      /** For everything together: `60s` */
      readonly timeout?: number | string | undefined
    }
    answer: unknown
    problems:
      | 'CONFIG_INVALID'
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'PROTOCOL_VIOLATION'
      | 'DEVICE_REFUSED'
      | 'ACCESS_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What may be scanned, and how */
  'GET /api/v1/scan': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      /** Networks that may be scanned: `discovery.networks` of the configuration */
      readonly allowed: readonly string[]
      /** `discovery.multicast` */
      readonly multicast: boolean
      /** What to write into the configuration, where nothing may be scanned */
      readonly help: string | null
      readonly drivers: readonly {
        readonly name: string
        readonly summary: string
        readonly ports: readonly number[]
      }[]
      readonly most: {
        readonly addresses: number
        readonly ports: number
        readonly rate: number
        readonly concurrency: number
        readonly minutes: number
      }
      /** The scan that goes on; another one has to wait */
      readonly running: {
        readonly by: string
        readonly since: string
        readonly what: string
      } | null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Look for devices */
  'POST /api/v1/scan': {
    params: undefined
    query: undefined
    body: {
      /** One that can scan */
      readonly driver: string
      /** 10.0.1.0/24, an address, a host name */
      readonly networks: readonly string[]
      /** Those of the protocol where absent */
      readonly ports?: readonly number[] | undefined
      /** Unit ids, where the protocol has them */
      readonly units?: readonly number[] | undefined
      /** For a connection and for each answer: `1s` */
      readonly timeout?: number | string | undefined
      /** New connections a second, at most */
      readonly rate?: number | undefined
      /** Hosts under way at once, at most */
      readonly concurrency?: number | undefined
      /** Ask the network who announces itself (mDNS), where that is allowed */
      readonly multicast?: boolean | undefined
      /** It ends after this time: `15m` */
      readonly atMost?: number | string | undefined
    }
    answer: string
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SCAN_FORBIDDEN'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What a device can be: drivers with their options and tools */
  'GET /api/v1/drivers': {
    params: undefined
    query: {
      /** Which JSON Schema */
      readonly draft?: 'draft-07' | '2020-12' | undefined
    }
    body: undefined
    answer: {
      readonly drivers: readonly {
        /** As in the configuration */
        readonly name: string
        readonly summary: string
        /** JSON Schema of `options`: `description`, `default`, `examples`; `secret`: never shown again; `file`, `folder`: a path on the machine of the gateway */
        readonly options: Readonly<Record<string, unknown>>
        readonly addressExamples: readonly string[]
        /** URLs of the protocol that name a device; none: `driver://host:port` */
        readonly urlSchemes: readonly string[]
        /** Ports that a scan asks where none are named */
        readonly scanPorts: readonly number[]
        /** What some device of this type can do */
        readonly can: {
          readonly scan: boolean
          /** Its tool `browse` shows what there is to read */
          readonly browse: boolean
          /** Its tool `dump` shows registers as they are */
          readonly dump: boolean
          readonly identify: boolean
          /** Values come by themselves */
          readonly subscribe: boolean
          /** Gaps are filled with what the device has recorded */
          readonly history: boolean
          readonly events: boolean
          readonly write: boolean
        }
        readonly tools: readonly {
          readonly name: string
          readonly summary: string
          /** JSON Schema of its input */
          readonly input: Readonly<Record<string, unknown>>
          /** It works while there is no connection */
          readonly offline: boolean
          /** It changes what the gateway knows of a device: not for one that is not configured */
          readonly manages: boolean
        }[]
      }[]
      /** JSON Schema of what all of them have beside `options`: `name`, `enabled`, … */
      readonly device: Readonly<Record<string, unknown>>
      /** JSON Schema of a tag: the same for all drivers */
      readonly tag: Readonly<Record<string, unknown>>
      readonly next: null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** What a sink can be: kinds with their options */
  'GET /api/v1/sink-types': {
    params: undefined
    query: {
      /** Which JSON Schema */
      readonly draft?: 'draft-07' | '2020-12' | undefined
    }
    body: undefined
    answer: {
      readonly sinkTypes: readonly {
        /** As in the configuration */
        readonly name: string
        readonly summary: string
        /** JSON Schema of `options`: `description`, `default`, `examples`; `secret`: never shown again; `file`, `folder`: a path on the machine of the gateway */
        readonly options: Readonly<Record<string, unknown>>
      }[]
      /** JSON Schema of what all of them have beside `options`: `name`, `enabled`, … */
      readonly sink: Readonly<Record<string, unknown>>
      readonly next: null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Known devices: tags that need not be typed */
  'GET /api/v1/templates': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly templates: readonly {
        /** As `template` of a device names it */
        readonly name: string
        readonly summary: string
        /** What its registers were taken from */
        readonly document: string | null
        readonly driver: string
        /** Options that hold for every such device, such as its limits */
        readonly options: Readonly<Record<string, string | number | boolean>>
        /** Columns of a tag list; what depends on a parameter has its default, or is left out */
        readonly tags: readonly Readonly<Record<string, string>>[]
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Lines and who uses their time */
  'GET /api/v1/lines': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly lines: readonly {
        /** The line: a socket or serial port that devices share */
        readonly key: string
        /** Requests that may be under way at once */
        readonly limit: number
        readonly inFlight: number
        /** Polls, commands and other requests that wait for the line */
        readonly queued: number
        /** Share of the last minute in which a request was under way */
        readonly utilisation: number
        /** Time with a request under way, since the start */
        readonly busySeconds: number
        /** Who uses it, the busiest first */
        readonly units: readonly {
          readonly device: string
          /** null: the device itself, or which of its units is not known */
          readonly unit: number | null
          /** gateway: what it asks itself; proxy: the clients of a proxy */
          readonly by: string
          /** Of the line's time in the last minute */
          readonly share: number
          readonly busySeconds: number
          readonly requests: number
        }[]
        /** Devices of the line that others reach through the gateway */
        readonly proxies: readonly {
          readonly device: string
          /** Where its clients connect */
          readonly listen: string
          /** Connected there now */
          readonly clients: number
          /** Of all clients, since the start */
          readonly requests: number
          /** Answered from what was read lately */
          readonly cached: number
          /** Not passed on to the device, by reason */
          readonly refused: Readonly<Record<string, number>>
        }[]
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** What was learned about a device */
  'GET /api/v1/devices/{device}/profile': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly device: string
      /** What the driver learned, in its own form; null: nothing */
      readonly profile: unknown
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Forget what was learned about a device */
  'DELETE /api/v1/devices/{device}/profile': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly device: string
      /** What the driver learned, in its own form; null: nothing */
      readonly profile: unknown
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The parameter sets of a device */
  'GET /api/v1/devices/{device}/parameters': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly sets: readonly {
        readonly device: string
        readonly set: string
        readonly description: string | null
        readonly parameters: number
        /** The configuration lets it be written to the device */
        readonly restorable: boolean
        /** Why it may not be written */
        readonly forbidden: string | null
        /** The newest version; null: none is stored, or it is damaged */
        readonly newest: {
          readonly version: number
          readonly time: string
          readonly user: string
          readonly from: string
          readonly reason: string | null
          /** What the device says it is; null where it does not */
          readonly identity: {
            readonly vendor: string | null
            readonly product: string | null
            readonly serial: string | null
            readonly firmware: string | null
          }
          /** The same for the same parameters with the same values */
          readonly sha256: string
          readonly parameters: number
          /** Those that could not be read when it was saved */
          readonly unreadable: number
        } | null
        readonly versions: number
        /** What came of the last comparison or restore since the start; null: there was none */
        readonly lastCompare: {
          readonly time: string
          readonly version: number
          readonly differences: number
        } | null
      }[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** One parameter set, with its parameters and versions */
  'GET /api/v1/devices/{device}/parameters/{set}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the parameter set */
      readonly set: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly device: string
      readonly set: string
      readonly description: string | null
      readonly parameters: number
      /** The configuration lets it be written to the device */
      readonly restorable: boolean
      /** Why it may not be written */
      readonly forbidden: string | null
      /** The newest version; null: none is stored, or it is damaged */
      readonly newest: {
        readonly version: number
        readonly time: string
        readonly user: string
        readonly from: string
        readonly reason: string | null
        /** What the device says it is; null where it does not */
        readonly identity: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        /** The same for the same parameters with the same values */
        readonly sha256: string
        readonly parameters: number
        /** Those that could not be read when it was saved */
        readonly unreadable: number
      } | null
      readonly versions: number
      /** What came of the last comparison or restore since the start; null: there was none */
      readonly lastCompare: {
        readonly time: string
        readonly version: number
        readonly differences: number
      } | null
      readonly onFailure: 'stop' | 'continue'
      readonly compareEveryMs: number | null
      readonly entries: readonly {
        readonly name: string
        readonly address: string
        readonly type:
          | 'bool'
          | 'int8'
          | 'uint8'
          | 'int16'
          | 'uint16'
          | 'int32'
          | 'uint32'
          | 'int64'
          | 'uint64'
          | 'float32'
          | 'float64'
          | 'string'
          | 'bytes'
        readonly unit: string | null
        readonly description: string | null
        readonly tolerance: number | null
        readonly readOnly: boolean
      }[]
      /** The versions, newest first */
      readonly stored: readonly {
        readonly version: number
        /** null: its file is damaged */
        readonly summary: {
          readonly version: number
          readonly time: string
          readonly user: string
          readonly from: string
          readonly reason: string | null
          /** What the device says it is; null where it does not */
          readonly identity: {
            readonly vendor: string | null
            readonly product: string | null
            readonly serial: string | null
            readonly firmware: string | null
          }
          /** The same for the same parameters with the same values */
          readonly sha256: string
          readonly parameters: number
          /** Those that could not be read when it was saved */
          readonly unreadable: number
        } | null
      }[]
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** A stored version with its values */
  'GET /api/v1/devices/{device}/parameters/{set}/versions/{version}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the parameter set */
      readonly set: string
      /** Number of the version */
      readonly version: number
    }
    query: undefined
    body: undefined
    answer: {
      readonly version: number
      readonly time: string
      readonly user: string
      readonly from: string
      readonly reason: string | null
      /** What the device says it is; null where it does not */
      readonly identity: {
        readonly vendor: string | null
        readonly product: string | null
        readonly serial: string | null
        readonly firmware: string | null
      }
      /** The same for the same parameters with the same values */
      readonly sha256: string
      readonly parameters: number
      /** Those that could not be read when it was saved */
      readonly unreadable: number
      readonly device: string
      readonly set: string
      readonly values: readonly {
        readonly name: string
        readonly address: string
        readonly type:
          | 'bool'
          | 'int8'
          | 'uint8'
          | 'int16'
          | 'uint16'
          | 'int32'
          | 'uint32'
          | 'int64'
          | 'uint64'
          | 'float32'
          | 'float64'
          | 'string'
          | 'bytes'
        readonly unit: string | null
        /** As stored, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly value: number | boolean | string | null
        /** As the device held it, scaling undone */
        readonly raw: number | boolean | string | null
        /** Why it has no value */
        readonly status: string | null
      }[]
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Read a parameter set from the device */
  'POST /api/v1/devices/{device}/parameters/{set}/read': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the parameter set */
      readonly set: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly device: string
      readonly set: string
      readonly time: string
      /** What the device says it is; null where it does not */
      readonly identity: {
        readonly vendor: string | null
        readonly product: string | null
        readonly serial: string | null
        readonly firmware: string | null
      }
      readonly unreadable: number
      readonly parameters: readonly {
        readonly name: string
        readonly unit: string | null
        /** As the device has it, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly value: number | boolean | string | null
        /** As the device holds it, scaling undone */
        readonly raw: number | boolean | string | null
        readonly status: {
          readonly code: number
          readonly name: string
        }
        readonly reason: string | null
      }[]
    }
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'DEVICE_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'WRITE_FORBIDDEN'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'WRITE_LOCKED'
      | 'ORIGIN_FORBIDDEN'
      | 'SHUTTING_DOWN'
  }
  /** Read a parameter set from the device and keep it as a version */
  'POST /api/v1/devices/{device}/parameters/{set}/save': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the parameter set */
      readonly set: string
    }
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
      /** Save what can be read, where a part cannot be */
      readonly partial?: boolean | undefined
    } | null
    answer: {
      readonly saved: {
        readonly version: number
        readonly time: string
        readonly user: string
        readonly from: string
        readonly reason: string | null
        /** What the device says it is; null where it does not */
        readonly identity: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        /** The same for the same parameters with the same values */
        readonly sha256: string
        readonly parameters: number
        /** Those that could not be read when it was saved */
        readonly unreadable: number
      }
      /** false: the newest version says the same, and nothing was added */
      readonly isNew: boolean
    }
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'DEVICE_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'WRITE_FORBIDDEN'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'WRITE_LOCKED'
      | 'ORIGIN_FORBIDDEN'
      | 'SHUTTING_DOWN'
  }
  /** Compare the device with a stored version */
  'POST /api/v1/devices/{device}/parameters/{set}/compare': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the parameter set */
      readonly set: string
    }
    query: undefined
    body: {
      /** Number of a stored version; the newest where absent */
      readonly version?: number | undefined
    } | null
    answer: {
      readonly device: string
      readonly set: string
      readonly time: string
      readonly version: {
        readonly version: number
        readonly time: string
        readonly user: string
        readonly from: string
        readonly reason: string | null
        /** What the device says it is; null where it does not */
        readonly identity: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        /** The same for the same parameters with the same values */
        readonly sha256: string
        readonly parameters: number
        /** Those that could not be read when it was saved */
        readonly unreadable: number
      }
      readonly identity: {
        /** Of maker and model. unknown: the version was saved from a device that does not say what it is */
        readonly verdict: 'same' | 'unknown' | 'other'
        /** What the device says it is; null where it does not */
        readonly stored: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        /** What the device says it is; null where it does not */
        readonly device: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        readonly remark: string | null
      }
      /** Every parameter is equal */
      readonly equal: boolean
      readonly differences: number
      readonly parameters: readonly {
        readonly name: string
        /** missing: the version has no value of it; removed: it is no longer configured; redefined: it has another address or type now; unreadable: the device does not give it */
        readonly state: 'equal' | 'different' | 'missing' | 'removed' | 'redefined' | 'unreadable'
        readonly unit: string | null
        /** As stored, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly stored: number | boolean | string | null
        /** As the device has it, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly device: number | boolean | string | null
        readonly status: {
          readonly code: number
          readonly name: string
        }
        readonly reason: string | null
      }[]
    }
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'DEVICE_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'WRITE_FORBIDDEN'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'WRITE_LOCKED'
      | 'ORIGIN_FORBIDDEN'
      | 'SHUTTING_DOWN'
  }
  /** Write a stored version to the device */
  'POST /api/v1/devices/{device}/parameters/{set}/restore': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the parameter set */
      readonly set: string
    }
    query: undefined
    body: {
      /** Number of a stored version; the newest where absent */
      readonly version?: number | undefined
      /** false: write; otherwise what would be written is told */
      readonly dryRun?: boolean | undefined
      /** Onto another model, or one that does not say what it is, too */
      readonly force?: boolean | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    } | null
    answer: {
      readonly device: string
      readonly set: string
      /** planned: a dry run. restored: the device holds the version. incomplete: it does not */
      readonly outcome: 'planned' | 'restored' | 'incomplete'
      readonly version: {
        readonly version: number
        readonly time: string
        readonly user: string
        readonly from: string
        readonly reason: string | null
        /** What the device says it is; null where it does not */
        readonly identity: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        /** The same for the same parameters with the same values */
        readonly sha256: string
        readonly parameters: number
        /** Those that could not be read when it was saved */
        readonly unreadable: number
      }
      readonly identity: {
        /** Of maker and model. unknown: the version was saved from a device that does not say what it is */
        readonly verdict: 'same' | 'unknown' | 'other'
        /** What the device says it is; null where it does not */
        readonly stored: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        /** What the device says it is; null where it does not */
        readonly device: {
          readonly vendor: string | null
          readonly product: string | null
          readonly serial: string | null
          readonly firmware: string | null
        }
        readonly remark: string | null
      }
      /** Why it may not be written; of a dry run alone */
      readonly forbidden: string | null
      /** Why it ended before all was written */
      readonly stopped: string | null
      /** All of the set was read once more at the end */
      readonly verified: boolean
      readonly parameters: readonly {
        readonly name: string
        /** pending: it would be written, or was not come to; unknown: it was sent and nobody answered; left: not written, see `reason` */
        readonly state: 'equal' | 'pending' | 'written' | 'failed' | 'unknown' | 'left'
        readonly unit: string | null
        /** As stored, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly stored: number | boolean | string | null
        /** As the device had it before, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly before: number | boolean | string | null
        /** As the device has it at the end, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown */
        readonly after: number | boolean | string | null
        readonly status: {
          readonly code: number
          readonly name: string
        }
        readonly code: string | null
        readonly reason: string | null
      }[]
    }
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'DEVICE_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'WRITE_FORBIDDEN'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'WRITE_LOCKED'
      | 'ORIGIN_FORBIDDEN'
      | 'SHUTTING_DOWN'
  }
  /** What can be done with a device besides tags */
  'GET /api/v1/devices/{device}/tools': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly tools: readonly {
        readonly name: string
        readonly summary: string
        /** JSON Schema of the body of a run */
        readonly input: Readonly<Record<string, unknown>>
      }[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Run a tool on a device */
  'POST /api/v1/devices/{device}/tools/{tool}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the tool */
      readonly tool: string
    }
    query: undefined
    body: Readonly<Record<string, unknown>> | null
    answer: unknown
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'PROTOCOL_VIOLATION'
      | 'DEVICE_REFUSED'
      | 'ACCESS_REFUSED'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What was traced of a device */
  'GET /api/v1/devices/{device}/trace': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: {
      /** Only exchanges with a greater number: `next` of before */
      readonly after?: number | undefined
      /** Exchanges at most, the oldest first */
      readonly limit?: number | undefined
      /** Only of this unit id */
      readonly unit?: number | undefined
      /** Only with this function code */
      readonly function?: number | undefined
      /** `true`: only without a usable answer, and exceptions */
      readonly errors?: 'true' | 'false' | undefined
    }
    body: undefined
    answer: {
      readonly active: boolean
      /** null: never */
      readonly startedAt: string | null
      /** When it stops by itself, or stopped */
      readonly endsAt: string | null
      /** After how many exchanges it stops by itself */
      readonly count: number
      /** Exchanges since its start */
      readonly captured: number
      /** Those that it still holds; the oldest make room for new ones */
      readonly held: number
      readonly heldBytes: number
      /** What it holds at most */
      readonly bounds: {
        readonly exchanges: number
        readonly bytes: number
      }
      readonly exchanges: readonly {
        readonly number: number
        /** When the request was sent; for bytes that answer nothing: when they came */
        readonly time: string
        readonly protocol: string
        readonly endpoint: string
        readonly unit: number | null
        readonly function: number | null
        readonly exception: number | null
        readonly roundTripMs: number | null
        /** null: these bytes answer nothing */
        readonly request: {
          readonly hex: string
          /** Its fields in words */
          readonly text: string
        } | null
        readonly response: {
          readonly hex: string
          /** Its fields in words */
          readonly text: string
        } | null
        /** What went wrong, in words */
        readonly error: string | null
      }[]
      /** `after` for what comes later */
      readonly next: number
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Start a trace */
  'POST /api/v1/devices/{device}/trace': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: {
      /** Stops by itself after this time: ms, or a text such as 10m */
      readonly duration?: number | string | undefined
      /** Stops by itself after so many exchanges */
      readonly count?: number | undefined
    } | null
    answer: {
      readonly active: boolean
      /** null: never */
      readonly startedAt: string | null
      /** When it stops by itself, or stopped */
      readonly endsAt: string | null
      /** After how many exchanges it stops by itself */
      readonly count: number
      /** Exchanges since its start */
      readonly captured: number
      /** Those that it still holds; the oldest make room for new ones */
      readonly held: number
      readonly heldBytes: number
      /** What it holds at most */
      readonly bounds: {
        readonly exchanges: number
        readonly bytes: number
      }
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Stop a trace */
  'DELETE /api/v1/devices/{device}/trace': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly active: boolean
      /** null: never */
      readonly startedAt: string | null
      /** When it stops by itself, or stopped */
      readonly endsAt: string | null
      /** After how many exchanges it stops by itself */
      readonly count: number
      /** Exchanges since its start */
      readonly captured: number
      /** Those that it still holds; the oldest make room for new ones */
      readonly held: number
      readonly heldBytes: number
      /** What it holds at most */
      readonly bounds: {
        readonly exchanges: number
        readonly bytes: number
      }
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What was traced, as a capture file for Wireshark */
  'GET /api/v1/devices/{device}/trace.pcapng': {
    params: {
      /** Name of the device */
      readonly device: string
    }
    query: {
      /** Only exchanges with a greater number */
      readonly after?: number | undefined
      /** Only exchanges up to this number */
      readonly until?: number | undefined
    }
    body: undefined
    answer: string
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Latest values */
  'GET /api/v1/values': {
    params: undefined
    query: {
      /** Only this device */
      readonly device?: string | undefined
      /** `good`, `uncertain`, `bad`, or the name of a status code */
      readonly status?: string | undefined
      /** Only where device, tag or description contain this text */
      readonly q?: string | undefined
      /** name: by device and tag; status: the worst first; age: the longest not read first. In the order of the configuration where absent. What is sorted by state is sorted anew for each page */
      readonly sort?: 'name' | 'status' | 'age' | undefined
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly values: readonly {
        /** Of the tag: what the live socket calls it */
        readonly id: number
        readonly device: string
        readonly tag: string
        /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
        readonly value: number | boolean | string | null
        /** The name of the value, where the tag names its numbers: `MPPT` */
        readonly text: string | null
        readonly unit: string | null
        readonly type:
          | 'bool'
          | 'int8'
          | 'uint8'
          | 'int16'
          | 'uint16'
          | 'int32'
          | 'uint32'
          | 'int64'
          | 'uint64'
          | 'float32'
          | 'float64'
          | 'string'
          | 'bytes'
        /** OPC UA StatusCode (OPC 10000-4) */
        readonly status: {
          readonly code: number
          readonly name: string
        }
        /** Source time of the value */
        readonly time: string | null
        /** When the gateway last read it */
        readonly receivedAt: string | null
        /** Milliseconds since it was last read */
        readonly ageMs: number | null
        readonly writable: boolean
        /** Why it is not good, in a sentence */
        readonly reason: string | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Latest value of one tag */
  'GET /api/v1/values/{device}/{tag}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the tag, percent-encoded; a `/` in it may be sent as it is or as %2F */
      readonly tag: string
    }
    query: undefined
    body: undefined
    answer: {
      /** Of the tag: what the live socket calls it */
      readonly id: number
      readonly device: string
      readonly tag: string
      /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
      readonly value: number | boolean | string | null
      /** The name of the value, where the tag names its numbers: `MPPT` */
      readonly text: string | null
      readonly unit: string | null
      readonly type:
        | 'bool'
        | 'int8'
        | 'uint8'
        | 'int16'
        | 'uint16'
        | 'int32'
        | 'uint32'
        | 'int64'
        | 'uint64'
        | 'float32'
        | 'float64'
        | 'string'
        | 'bytes'
      /** OPC UA StatusCode (OPC 10000-4) */
      readonly status: {
        readonly code: number
        readonly name: string
      }
      /** Source time of the value */
      readonly time: string | null
      /** When the gateway last read it */
      readonly receivedAt: string | null
      /** Milliseconds since it was last read */
      readonly ageMs: number | null
      readonly writable: boolean
      /** Why it is not good, in a sentence */
      readonly reason: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Write a value to the device */
  'PUT /api/v1/values/{device}/{tag}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the tag, percent-encoded; a `/` in it may be sent as it is or as %2F */
      readonly tag: string
    }
    query: undefined
    body: {
      /** In engineering units; int64 and uint64 as a decimal string, bytes as base64 */
      readonly value: number | boolean | string
      /** Why, for the audit log */
      readonly reason?: string | undefined
      /** How long from now: what has not been sent to the device by then is never sent */
      readonly deadlineMs?: number | undefined
    }
    answer:
      | {
          readonly device: string
          readonly tag: string
          /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
          readonly value: number | boolean | string | null
          /** OPC UA StatusCode (OPC 10000-4) */
          readonly status: {
            readonly code: number
            readonly name: string
          }
          /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
          readonly readBack: number | boolean | string | null
          /** OPC UA StatusCode (OPC 10000-4) */
          readonly readBackStatus: {
            readonly code: number
            readonly name: string
          }
          readonly durationMs: number
          /** How it was done, where the status does not say it */
          readonly remark: string | null
        }
      | {
          readonly pending: {
            readonly id: string
            readonly device: string
            readonly tag: string
            /** The value when it was asked for */
            readonly before: number | boolean | string | null
            /** What would be written */
            readonly value: number | boolean | string | null
            /** Who asked */
            readonly user: string
            readonly from: string
            readonly reason: string | null
            readonly askedAt: string
            readonly expiresAt: string
          }
        }
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'INVALID_VALUE'
      | 'WRITE_FORBIDDEN'
      | 'WRITE_FAILED'
      | 'WRITE_UNKNOWN'
      | 'WRITE_SUPERSEDED'
      | 'WRITE_EXPIRED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'WRITE_LOCKED'
      | 'WRITE_INTERLOCKED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Whether all writes are locked, by whom and why */
  'GET /api/v1/writes/lock': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly locked: boolean
      readonly by: string | null
      readonly since: string | null
      readonly reason: string | null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Lock all writes */
  'PUT /api/v1/writes/lock': {
    params: undefined
    query: undefined
    body: {
      /** Why: everybody sees it */
      readonly reason: string
    }
    answer: {
      readonly locked: boolean
      readonly by: string | null
      readonly since: string | null
      readonly reason: string | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Unlock writes */
  'DELETE /api/v1/writes/lock': {
    params: undefined
    query: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    body: undefined
    answer: {
      readonly locked: boolean
      readonly by: string | null
      readonly since: string | null
      readonly reason: string | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Writes that wait for a second person */
  'GET /api/v1/writes/pending': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly pending: readonly {
        readonly id: string
        readonly device: string
        readonly tag: string
        /** The value when it was asked for */
        readonly before: number | boolean | string | null
        /** What would be written */
        readonly value: number | boolean | string | null
        /** Who asked */
        readonly user: string
        readonly from: string
        readonly reason: string | null
        readonly askedAt: string
        readonly expiresAt: string
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Approve a write that somebody else asked for */
  'POST /api/v1/writes/pending/{id}/approve': {
    params: {
      /** Of the write that waits */
      readonly id: string
    }
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    } | null
    answer: {
      readonly device: string
      readonly tag: string
      /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
      readonly value: number | boolean | string | null
      /** OPC UA StatusCode (OPC 10000-4) */
      readonly status: {
        readonly code: number
        readonly name: string
      }
      /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
      readonly readBack: number | boolean | string | null
      /** OPC UA StatusCode (OPC 10000-4) */
      readonly readBackStatus: {
        readonly code: number
        readonly name: string
      }
      readonly durationMs: number
      /** How it was done, where the status does not say it */
      readonly remark: string | null
    }
    problems:
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'INVALID_VALUE'
      | 'WRITE_FORBIDDEN'
      | 'WRITE_FAILED'
      | 'WRITE_UNKNOWN'
      | 'WRITE_SUPERSEDED'
      | 'WRITE_EXPIRED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'WRITE_LOCKED'
      | 'WRITE_INTERLOCKED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Reject a write that waits, also an own one */
  'POST /api/v1/writes/pending/{id}/reject': {
    params: {
      /** Of the write that waits */
      readonly id: string
    }
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    } | null
    answer: {
      readonly rejected: string
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Maintenance windows that are active */
  'GET /api/v1/maintenance': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly windows: readonly {
        readonly id: string
        /** The devices that it names */
        readonly devices: readonly string[] | null
        /** All devices of this area */
        readonly area: string | null
        /** The whole gateway */
        readonly all: boolean
        readonly by: string
        readonly reason: string
        readonly from: string
        readonly until: string
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Start a maintenance window */
  'POST /api/v1/maintenance': {
    params: undefined
    query: undefined
    body: {
      /** Devices by name */
      readonly devices?: readonly string[] | undefined
      /** All devices of an area, such as site-1/line-2 */
      readonly area?: string | undefined
      /** The whole gateway: none of its alerts is told */
      readonly all?: true | undefined
      /** How long, such as 2h; 7 days at most */
      readonly for: number | string
      /** Why: everybody sees it */
      readonly reason: string
    }
    answer: {
      readonly id: string
      /** The devices that it names */
      readonly devices: readonly string[] | null
      /** All devices of this area */
      readonly area: string | null
      /** The whole gateway */
      readonly all: boolean
      readonly by: string
      readonly reason: string
      readonly from: string
      readonly until: string
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** End a maintenance window before its time */
  'DELETE /api/v1/maintenance/{id}': {
    params: {
      readonly id: string
    }
    query: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    body: undefined
    answer: {
      readonly id: string
      /** The devices that it names */
      readonly devices: readonly string[] | null
      /** All devices of this area */
      readonly area: string | null
      /** The whole gateway */
      readonly all: boolean
      readonly by: string
      readonly reason: string
      readonly from: string
      readonly until: string
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Local alerts that are pending or firing, and their receivers */
  'GET /api/v1/alerts': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      /** false: neither receivers nor a heartbeat are configured (alerts) */
      readonly enabled: boolean
      readonly alerts: readonly {
        /** The fingerprint in messages: the same alert of the same thing */
        readonly id: string
        readonly alert: string
        readonly severity: 'critical' | 'warning' | 'info'
        /** pending: it does not last long enough yet to be told */
        readonly state: 'pending' | 'firing'
        readonly labels: Readonly<Record<string, string>>
        readonly summary: string
        /** What to look at first */
        readonly next: string
        readonly since: string
        /** Why nobody is told, as during maintenance; null: they are */
        readonly silence: string | null
      }[]
      readonly receivers: readonly {
        readonly name: string
        /** The kind */
        readonly receiver: string
        readonly where: string
        readonly queued: number
        readonly sent: number
        /** Attempts that failed */
        readonly failed: number
        /** Messages that will never arrive */
        readonly dropped: number
        readonly lastSentAt: string | null
        /** Why the last attempt failed; null: it did not */
        readonly lastError: string | null
      }[]
      readonly heartbeat: {
        readonly where: string
        readonly lastAt: string | null
        readonly lastError: string | null
      } | null
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Send a test message to a receiver */
  'POST /api/v1/alerts/test': {
    params: undefined
    query: undefined
    body: {
      readonly receiver: string
    }
    answer: {
      readonly receiver: string
      readonly sent: true
    }
    problems:
      | 'CONFIG_INVALID'
      | 'NOT_CONNECTED'
      | 'TIMEOUT'
      | 'PROTOCOL_VIOLATION'
      | 'BUSY'
      | 'SINK_REJECTED'
      | 'SINK_REFUSED'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Values of one tag over time */
  'GET /api/v1/history/{device}/{tag}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the tag, percent-encoded; a `/` in it may be sent as it is or as %2F */
      readonly tag: string
    }
    query: {
      /** ISO 8601 or ms since 1970; an hour before `to` where absent */
      readonly from?: string | undefined
      /** ISO 8601 or ms since 1970; now where absent */
      readonly to?: string | undefined
      /** About how many points */
      readonly points?: number | undefined
    }
    body: undefined
    answer: {
      readonly device: string
      readonly tag: string
      readonly unit: string | null
      readonly from: string
      readonly to: string
      /** No decimation was needed: min = max = avg = value, count = 1 */
      readonly raw: boolean
      /** [time in ms, value, min, max, status, avg, count]: the last value, the extremes, the worst status, the mean of the samples (each counts the same, however long it held) and how many they are; a value of null is a gap */
      readonly points: readonly (readonly (number | boolean | string | null)[])[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Explain a tag */
  'GET /api/v1/explain/{device}/{tag}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the tag, percent-encoded; a `/` in it may be sent as it is or as %2F */
      readonly tag: string
    }
    query: {
      /** How long to wait for the next poll: ms, or a text such as 5s. Two intervals of the tag and a second, 30s at most, where absent */
      readonly wait?: number | string | undefined
      /** How long to wait then until the sample is on the disk and every sink has it */
      readonly settle?: number | string | undefined
    }
    body: undefined
    answer: {
      readonly device: string
      readonly tag: string
      readonly address: string
      /** The address in words */
      readonly addressText: string
      readonly type: string
      readonly unit: string | null
      readonly everyMs: number
      readonly askedAt: string
      readonly waitedMs: number
      /** What became of the sample that was waited for; held-back: by the pipeline; refused: by the log */
      readonly fate: 'stored' | 'held-back' | 'refused' | 'none'
      /** Why there is no sample, or why it was not stored, in a sentence */
      readonly reason: string | null
      /** Of the device */
      readonly state: {
        readonly name: string
        readonly since: string
        readonly reason: string | null
      }
      readonly wire: {
        readonly kind: 'polled' | 'subscribed'
        /** The request and the answer that carried the value */
        readonly exchange: {
          readonly number: number
          /** When the request was sent; for bytes that answer nothing: when they came */
          readonly time: string
          readonly protocol: string
          readonly endpoint: string
          readonly unit: number | null
          readonly function: number | null
          readonly exception: number | null
          readonly roundTripMs: number | null
          /** null: these bytes answer nothing */
          readonly request: {
            readonly hex: string
            /** Its fields in words */
            readonly text: string
          } | null
          readonly response: {
            readonly hex: string
            /** Its fields in words */
            readonly text: string
          } | null
          /** What went wrong, in words */
          readonly error: string | null
        } | null
        readonly place: {
          /** What was read together by this request: `hr:0…hr:9` */
          readonly block: string
          /** Where the bytes of this value begin in the answer: from its first byte, 0 */
          readonly start: number | null
          readonly length: number
          /** The bytes of this value as they came, in hex; null where the answer holds none */
          readonly bytes: string | null
          /** How they are read: `float32, order CDAB` */
          readonly reading: string
        } | null
        /** Tags that the same answer carried */
        readonly together: {
          readonly tags: readonly string[]
          readonly total: number
        }
        /** How often it was asked again in this poll */
        readonly retries: number
        /** The attempts before the last one */
        readonly earlier: readonly {
          readonly number: number
          /** When the request was sent; for bytes that answer nothing: when they came */
          readonly time: string
          readonly protocol: string
          readonly endpoint: string
          readonly unit: number | null
          readonly function: number | null
          readonly exception: number | null
          readonly roundTripMs: number | null
          /** null: these bytes answer nothing */
          readonly request: {
            readonly hex: string
            /** Its fields in words */
            readonly text: string
          } | null
          readonly response: {
            readonly hex: string
            /** Its fields in words */
            readonly text: string
          } | null
          /** What went wrong, in words */
          readonly error: string | null
        }[]
        /** How the values come, where there are no frames to show */
        readonly source: Readonly<Record<string, string | number | boolean | null>> | null
        /** Why there is nothing of the wire, in a sentence */
        readonly problem: string | null
      }
      /** As the driver decoded it */
      readonly raw: {
        /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
        readonly value: number | boolean | string | null
        /** OPC UA StatusCode (OPC 10000-4) */
        readonly status: {
          readonly code: number
          readonly name: string
        }
        readonly time: string | null
        readonly receivedAt: string | null
        /** Why it is not good, in a sentence */
        readonly reason: string | null
      } | null
      readonly steps: readonly {
        readonly name: string
        readonly decision: 'not-set' | 'passed' | 'changed' | 'held-back' | 'not-reached'
        readonly text: string
        readonly before: {
          /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
          readonly value: number | boolean | string | null
          /** OPC UA StatusCode (OPC 10000-4) */
          readonly status: {
            readonly code: number
            readonly name: string
          }
          readonly time: string | null
        } | null
        readonly after: {
          /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
          readonly value: number | boolean | string | null
          /** OPC UA StatusCode (OPC 10000-4) */
          readonly status: {
            readonly code: number
            readonly name: string
          }
          readonly time: string | null
        } | null
      }[]
      readonly store: {
        readonly logId: string
        readonly seq: number
        /** It survives a power cut */
        readonly durable: boolean
        /** false: it is the last sample that was stored, from before */
        readonly isThis: boolean
        /** Number, boolean or text; int64 and uint64 as a decimal string, bytes as base64; null when there is none */
        readonly value: number | boolean | string | null
        /** OPC UA StatusCode (OPC 10000-4) */
        readonly status: {
          readonly code: number
          readonly name: string
        }
        readonly time: string | null
      } | null
      readonly sinks: readonly {
        readonly name: string
        readonly kind: string
        readonly state: string
        /** Every sink takes every tag; a sink that is disabled keeps its place in the log */
        readonly routed: boolean
        /** settled: delivered, refused or let go (purged, retention) before anybody looked; which is not known */
        readonly outcome: 'delivered' | 'refused' | 'settled' | 'pending' | 'disabled'
        /** null: not yet, or before this was asked */
        readonly acknowledgedAt: string | null
        /** From the arrival of the value to its acknowledgement */
        readonly afterMs: number | null
        /** Why it waits or was refused, in a sentence */
        readonly reason: string | null
        readonly pending: number
        readonly oldestPendingAgeMs: number | null
        /** Batches that had to be written again, since the start */
        readonly retries: number
        readonly nextAttemptAt: string | null
        readonly lastError: string | null
        /** What the sink sends of it; null where it does not show it */
        readonly messages:
          | readonly {
              /** Topic, subject or stream */
              readonly place: string
              /** What tells apart the tags that share it: a key, the name of a metric */
              readonly member: string | null
              /** How it is sent: quality of service, retained */
              readonly facts: Readonly<Record<string, string | number | boolean | null>>
              /** Of the payload */
              readonly bytes: number
              /** The payload as text; null where it is none */
              readonly text: string | null
              /** The payload in hex, where it is no text */
              readonly hex: string | null
              /** What it says, where it is no text */
              readonly decoded: unknown
              /** The payload is longer than what is shown */
              readonly cut: boolean
            }[]
          | null
      }[]
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The bytes of a tag */
  'GET /api/v1/raw/{device}/{tag}': {
    params: {
      /** Name of the device */
      readonly device: string
      /** Name of the tag, percent-encoded; a `/` in it may be sent as it is or as %2F */
      readonly tag: string
    }
    query: {
      /** How long to wait for the next poll: ms, or a text such as 5s. Two intervals of the tag and a second, 30s at most, where absent */
      readonly wait?: number | string | undefined
    }
    body: undefined
    answer: {
      readonly device: string
      readonly tag: string
      /** trace: the last answer that a trace of the device holds */
      readonly from: 'trace' | 'next-poll' | 'none'
      /** Why there are no bytes, in a sentence */
      readonly reason: string | null
      readonly place: {
        /** What was read together by this request: `hr:0…hr:9` */
        readonly block: string
        /** Where the bytes of this value begin in the answer: from its first byte, 0 */
        readonly start: number | null
        readonly length: number
        /** The bytes of this value as they came, in hex; null where the answer holds none */
        readonly bytes: string | null
        /** How they are read: `float32, order CDAB` */
        readonly reading: string
      } | null
      readonly exchange: {
        readonly number: number
        /** When the request was sent; for bytes that answer nothing: when they came */
        readonly time: string
        readonly protocol: string
        readonly endpoint: string
        readonly unit: number | null
        readonly function: number | null
        readonly exception: number | null
        readonly roundTripMs: number | null
        /** null: these bytes answer nothing */
        readonly request: {
          readonly hex: string
          /** Its fields in words */
          readonly text: string
        } | null
        readonly response: {
          readonly hex: string
          /** Its fields in words */
          readonly text: string
        } | null
        /** What went wrong, in words */
        readonly error: string | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Samples as a file: CSV, NDJSON or Parquet */
  'GET /api/v1/export': {
    params: undefined
    query: {
      readonly format?: 'csv' | 'ndjson' | 'parquet' | undefined
      /** ISO 8601 or ms since 1970, included; from the oldest where absent */
      readonly from?: string | undefined
      /** ISO 8601 or ms since 1970, not included; up to the newest where absent */
      readonly to?: string | undefined
      /** Device and tag, such as press-1/level or press-* /*, again and again or with commas; all where absent */
      readonly tags?: string | readonly string[] | undefined
    }
    body: undefined
    answer: string
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Sinks and what became of their samples */
  'GET /api/v1/sinks': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly sinks: readonly {
        readonly name: string
        readonly kind: string
        /** File and line of the configuration that describe it, such as conf.d/presses.yaml:12 */
        readonly owner: string | null
        /** Its options say `insecure: true`: others can read and change its traffic */
        readonly insecure: boolean
        readonly state: 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'
        readonly stateSince: string
        readonly reason: string | null
        readonly routed: number
        readonly delivered: number
        readonly pending: number
        /** Reason to count */
        readonly dropped: Readonly<Record<string, number>>
        /** routed = delivered + pending + dropped */
        readonly balanced: boolean
        readonly oldestPendingAgeMs: number | null
        /** Where the far side is, without passwords; null where the options name no place */
        readonly endpoint: string | null
        /** Samples stored for it, over the last ten seconds */
        readonly inPerSecond: number | null
        /** Samples delivered, over the last ten seconds */
        readonly outPerSecond: number | null
        /** When a batch was settled last; null: not since the start */
        readonly lastDeliveryAt: string | null
        /** Of the log, which all sinks share */
        readonly capacity: {
          /** Until samples are lost that it does not have, at the present rate */
          readonly hoursLeft: number | null
          /** How long it may be away at that rate, the log being empty */
          readonly hoursHeld: number | null
        }
        /** Batches that the far side took, that had to be written again; connections made anew; since the start */
        readonly writes: {
          readonly ok: number
          readonly retried: number
          readonly reconnects: number
        }
        readonly deadLettersSinceStart: number
        /** When it is tried again after a failure; null: no pause */
        readonly nextAttemptAt: string | null
        /** What went wrong last; it stays when all is well again */
        readonly lastError: {
          readonly reason: string
          readonly at: string
        } | null
        /** Delivered again on command; no part of the account */
        readonly replayed: number
        /** The replay that goes on, or the last one */
        readonly replay: {
          readonly kind: 'range' | 'dead-letters'
          readonly from: string | null
          readonly to: string | null
          readonly startedAt: string
          readonly endedAt: string | null
          readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'
          readonly delivered: number
          readonly rejected: number
          /** Samples of the stretch of which only the trend is left: they have no sequence number, and are left out */
          readonly withoutNumber: number
          readonly reason: string | null
        } | null
        /** What the sink says of its session. */
        readonly facts: Readonly<Record<string, string | number | boolean | null>>
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** One level of the tree of topics */
  'GET /api/v1/topics': {
    params: undefined
    query: {
      /** Name of the sink; the first one that has topics where absent */
      readonly sink?: string | undefined
      /** The path of a node: its children are listed; the first level where absent */
      readonly prefix?: string | undefined
      /** Nodes of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
      /** `true`: rates are counted from now on, for a minute after the last such question */
      readonly rates?: 'true' | 'false' | undefined
    }
    body: undefined
    answer: {
      /** null: no sink has topics */
      readonly sink: string | null
      readonly kind: string | null
      /** What parts the levels */
      readonly separator: string | null
      /** All sinks that have topics */
      readonly sinks: readonly {
        readonly name: string
        readonly kind: string
      }[]
      /** Tags that this sink sends */
      readonly tags: number
      /** How long rates have been counted; 0: nobody watches */
      readonly watchedSeconds: number
      readonly prefix: string
      readonly nodes: readonly {
        readonly segment: string
        readonly path: string
        /** Tags at this topic and below it */
        readonly tags: number
        /** Nodes of the next level; 100 stands for 100 and more */
        readonly children: number
        /** null: nothing is sent to this very topic */
        readonly leaf: {
          /** Tags that are sent to this very topic */
          readonly tags: number
          /** The first of them */
          readonly producers: readonly {
            readonly device: string
            readonly tag: string
          }[]
          /** Samples a minute of all its tags; null while nobody has watched for a second */
          readonly perMinute: number | null
          readonly last: {
            /** Sequence number of the newest sample in it */
            readonly seq: number
            /** Source time of that sample */
            readonly time: string | null
            readonly receivedAt: string | null
            /** waits: in the log; delivered: the far side has confirmed it; settled: that, or it was let go (refused, purged, retention): it is not known which */
            readonly fate: 'waits' | 'delivered' | 'settled'
            readonly message: {
              /** Topic, subject or stream */
              readonly place: string
              /** What tells apart the tags that share it: a key, the name of a metric */
              readonly member: string | null
              /** How it is sent: quality of service, retained */
              readonly facts: Readonly<Record<string, string | number | boolean | null>>
              /** Of the payload */
              readonly bytes: number
              /** The payload as text; null where it is none */
              readonly text: string | null
              /** The payload in hex, where it is no text */
              readonly hex: string | null
              /** What it says, where it is no text */
              readonly decoded: unknown
              /** The payload is longer than what is shown */
              readonly cut: boolean
            }
          } | null
        } | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The last message of a topic, and the one before it */
  'GET /api/v1/topics/message': {
    params: undefined
    query: {
      /** Name of the sink; the first one that has topics where absent */
      readonly sink?: string | undefined
      /** The whole topic */
      readonly topic: string
      /** `true`: rates are counted from now on, for a minute after the last such question */
      readonly rates?: 'true' | 'false' | undefined
    }
    body: undefined
    answer: {
      readonly sink: string
      readonly topic: string
      readonly tags: number
      /** The first 200 of them */
      readonly producers: readonly {
        readonly device: string
        readonly tag: string
      }[]
      /** Samples a minute of all its tags; null while nobody has watched for a second */
      readonly perMinute: number | null
      readonly last: {
        /** Sequence number of the newest sample in it */
        readonly seq: number
        /** Source time of that sample */
        readonly time: string | null
        readonly receivedAt: string | null
        /** waits: in the log; delivered: the far side has confirmed it; settled: that, or it was let go (refused, purged, retention): it is not known which */
        readonly fate: 'waits' | 'delivered' | 'settled'
        readonly message: {
          /** Topic, subject or stream */
          readonly place: string
          /** What tells apart the tags that share it: a key, the name of a metric */
          readonly member: string | null
          /** How it is sent: quality of service, retained */
          readonly facts: Readonly<Record<string, string | number | boolean | null>>
          /** Of the payload */
          readonly bytes: number
          /** The payload as text; null where it is none */
          readonly text: string | null
          /** The payload in hex, where it is no text */
          readonly hex: string | null
          /** What it says, where it is no text */
          readonly decoded: unknown
          /** The payload is longer than what is shown */
          readonly cut: boolean
        }
      } | null
      /** Of the sample before; null where several tags share the topic, and where the last hour has none */
      readonly previous: {
        /** Sequence number of the newest sample in it */
        readonly seq: number
        /** Source time of that sample */
        readonly time: string | null
        readonly receivedAt: string | null
        /** waits: in the log; delivered: the far side has confirmed it; settled: that, or it was let go (refused, purged, retention): it is not known which */
        readonly fate: 'waits' | 'delivered' | 'settled'
        readonly message: {
          /** Topic, subject or stream */
          readonly place: string
          /** What tells apart the tags that share it: a key, the name of a metric */
          readonly member: string | null
          /** How it is sent: quality of service, retained */
          readonly facts: Readonly<Record<string, string | number | boolean | null>>
          /** Of the payload */
          readonly bytes: number
          /** The payload as text; null where it is none */
          readonly text: string | null
          /** The payload in hex, where it is no text */
          readonly hex: string | null
          /** What it says, where it is no text */
          readonly decoded: unknown
          /** The payload is longer than what is shown */
          readonly cut: boolean
        }
      } | null
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Topics by words of their names */
  'GET /api/v1/topics/search': {
    params: undefined
    query: {
      /** Name of the sink; the first one that has topics where absent */
      readonly sink?: string | undefined
      /** Words that the topic holds, all of them, in whatever case */
      readonly q: string
      /** Topics of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly sink: string
      readonly kind: string
      /** What parts the levels */
      readonly separator: string | null
      /** All sinks that have topics */
      readonly sinks: readonly {
        readonly name: string
        readonly kind: string
      }[]
      /** Tags that this sink sends */
      readonly tags: number
      /** How long rates have been counted; 0: nobody watches */
      readonly watchedSeconds: number
      readonly topics: readonly {
        readonly topic: string
        readonly tags: number
        readonly producers: readonly {
          readonly device: string
          readonly tag: string
        }[]
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The busiest topics */
  'GET /api/v1/topics/busiest': {
    params: undefined
    query: {
      /** Name of the sink; the first one that has topics where absent */
      readonly sink?: string | undefined
      /** Topics at most, the busiest first */
      readonly limit?: number | undefined
    }
    body: undefined
    answer: {
      readonly sink: string
      readonly kind: string
      /** What parts the levels */
      readonly separator: string | null
      /** All sinks that have topics */
      readonly sinks: readonly {
        readonly name: string
        readonly kind: string
      }[]
      /** Tags that this sink sends */
      readonly tags: number
      /** How long rates have been counted; 0: nobody watches */
      readonly watchedSeconds: number
      readonly topics: readonly {
        readonly topic: string
        readonly tags: number
        readonly producers: readonly {
          readonly device: string
          readonly tag: string
        }[]
        readonly perMinute: number
      }[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Devices, gateway and sinks, and what goes between them */
  'GET /api/v1/topology': {
    params: undefined
    query: {
      /** What devices are put together by; where absent none up to 500 devices, then areas, lines or drivers */
      readonly group?: 'none' | 'area' | 'line' | 'driver' | undefined
    }
    body: undefined
    answer: {
      readonly grouping: 'none' | 'area' | 'line' | 'driver'
      readonly devices: number
      /** Groups for which there was no room: group by something coarser */
      readonly leftOut: number
      readonly nodes: readonly {
        readonly id: string
        readonly kind: 'device' | 'group' | 'gateway' | 'sink'
        readonly name: string
        /** Driver, or kind of the sink */
        readonly type: string | null
        /** Of a group: its worst device */
        readonly state: 'Running' | 'Connecting' | 'Degraded' | 'Failed' | 'Disabled'
        readonly reason: string | null
        readonly devices: number
        /** Devices of the node by state */
        readonly states: Readonly<Record<string, number>>
        readonly tags: number
        /** Samples that wait for this sink */
        readonly pending: number | null
      }[]
      readonly edges: readonly {
        readonly from: string
        readonly to: string
        /** Over the last ten seconds; null: not known */
        readonly samplesPerSecond: number | null
        /** Last good value, or last delivery; null: none, or not known, as of devices of other gateways */
        readonly lastAt: string | null
        readonly ageMs: number | null
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Gateways that hand on their logs to this one */
  'GET /api/v1/received': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly received: readonly {
        /** The gateway, as `receive.clients` names it */
        readonly name: string
        readonly connected: boolean
        /** Since when it is connected, or away */
        readonly since: string
        /** Why it is away, in a sentence; null while it is here */
        readonly reason: string | null
        /** Its address; null while it is away */
        readonly from: string | null
        /** The log that it sends; null: none since the start of this gateway */
        readonly logId: string | null
        /** The highest number of that log that is on the disk here; null: none */
        readonly upTo: number | null
        /** Taken since the start of this gateway, those that came again included */
        readonly samples: number
        /** Of these, samples that were here already and are not stored again */
        readonly repeated: number
        /** Not taken, such as those of a device that is configured here; dead letters there */
        readonly rejected: number
        /** Left out by the other gateway on purpose, to thin them */
        readonly leftOut: number
        /** Of the link from there, without those of TLS and TCP */
        readonly bytes: number
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Deliver a stretch of time again */
  'POST /api/v1/sinks/{sink}/replay': {
    params: {
      /** Name of the sink */
      readonly sink: string
    }
    query: undefined
    body: {
      /** Source time, ISO 8601 or ms since 1970 */
      readonly from: string
      /** Source time, ISO 8601 or ms since 1970 */
      readonly to: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      /** The replay that goes on, or the last one */
      readonly replay: {
        readonly kind: 'range' | 'dead-letters'
        readonly from: string | null
        readonly to: string | null
        readonly startedAt: string
        readonly endedAt: string | null
        readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'
        readonly delivered: number
        readonly rejected: number
        /** Samples of the stretch of which only the trend is left: they have no sequence number, and are left out */
        readonly withoutNumber: number
        readonly reason: string | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** End the replay */
  'DELETE /api/v1/sinks/{sink}/replay': {
    params: {
      /** Name of the sink */
      readonly sink: string
    }
    query: undefined
    body: undefined
    answer: {
      /** The replay that goes on, or the last one */
      readonly replay: {
        readonly kind: 'range' | 'dead-letters'
        readonly from: string | null
        readonly to: string | null
        readonly startedAt: string
        readonly endedAt: string | null
        readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'
        readonly delivered: number
        readonly rejected: number
        /** Samples of the stretch of which only the trend is left: they have no sequence number, and are left out */
        readonly withoutNumber: number
        readonly reason: string | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Let go of all that waits for a sink */
  'POST /api/v1/sinks/{sink}/purge': {
    params: {
      /** Name of the sink */
      readonly sink: string
    }
    query: undefined
    body: {
      /** The name of the sink, once more */
      readonly confirm: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly purged: number
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Samples that the far side refused for good */
  'GET /api/v1/sinks/{sink}/dead-letters': {
    params: {
      /** Name of the sink */
      readonly sink: string
    }
    query: {
      readonly limit?: number | undefined
    }
    body: undefined
    answer: {
      /** Newest first */
      readonly deadLetters: readonly {
        /** When it was refused */
        readonly at: string
        readonly reason: string
        readonly device: string | null
        readonly tag: string | null
        readonly type: string | null
        readonly value: number | boolean | string | null
        readonly status: {
          readonly code: number
          readonly name: string
        }
        readonly time: string | null
        readonly log: string
        readonly seq: number | null
        readonly historical: boolean
      }[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Deliver the dead letters again */
  'POST /api/v1/sinks/{sink}/dead-letters/replay': {
    params: {
      /** Name of the sink */
      readonly sink: string
    }
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    } | null
    answer: {
      /** The replay that goes on, or the last one */
      readonly replay: {
        readonly kind: 'range' | 'dead-letters'
        readonly from: string | null
        readonly to: string | null
        readonly startedAt: string
        readonly endedAt: string | null
        readonly state: 'waiting' | 'running' | 'done' | 'cancelled' | 'failed'
        readonly delivered: number
        readonly rejected: number
        /** Samples of the stretch of which only the trend is left: they have no sequence number, and are left out */
        readonly withoutNumber: number
        readonly reason: string | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Let go of the dead letters */
  'POST /api/v1/sinks/{sink}/dead-letters/purge': {
    params: {
      /** Name of the sink */
      readonly sink: string
    }
    query: undefined
    body: {
      /** The name of the sink, once more */
      readonly confirm: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly purged: number
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Certificates of OPC UA: our own, those trusted, and those that wait in the inbox */
  'GET /api/v1/certificates': {
    params: undefined
    query: {
      /** Of applications, or of persons who log in with a certificate */
      readonly holders?: 'applications' | 'persons' | undefined
      readonly state?: 'own' | 'next' | 'previous' | 'trusted' | 'rejected' | 'issuer' | undefined
    }
    body: undefined
    answer: {
      /** What far sides know this gateway by; null: no certificate was made yet */
      readonly applicationUri: string | null
      readonly certificates: readonly {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
        /** The certificate itself, base64 */
        readonly der: string
        readonly state: 'own' | 'next' | 'previous' | 'trusted' | 'rejected' | 'issuer'
        /** Where it lies */
        readonly file: string
        /** With which status code it was refused last; null: it was not */
        readonly status: string | null
        /** Why, and what to do, in a sentence */
        readonly reason: string | null
        /** Who presented it, the latest first */
        readonly presented: readonly {
          readonly endpoint: string
          /** The device or sink of the configuration */
          readonly device: string
          readonly firstAt: string
          readonly lastAt: string
          readonly times: number
        }[]
        readonly trustedAt: string | null
        /** A user, or `first use` */
        readonly trustedBy: string | null
      }[]
      readonly revocationLists: readonly {
        readonly file: string
        readonly thisUpdate: string
        readonly nextUpdate: string | null
        readonly revoked: number
      }[]
      /** Files that are of no use */
      readonly problems: readonly {
        readonly file: string
        readonly problem: string
      }[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Certificates that the configuration names: of our own servers, of the connections to devices and sinks, of our authority */
  'GET /api/v1/certificates/tls': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      /** Those that expire first stand first */
      readonly certificates: readonly {
        /** http, receive, device, sink (with -ca: what is trusted there), oidc-ca, ca */
        readonly use: string
        /** Of the device or sink */
        readonly name: string
        readonly file: string
        readonly subject: string | null
        readonly validFrom: string | null
        /** Of the one in the file that expires first */
        readonly validTo: string | null
        /** Why the file is of no use */
        readonly problem: string | null
      }[]
      /** Servers whose files have changed and are of no use: the ones before stay in use */
      readonly faults: readonly {
        readonly use: string
        readonly fault: string
      }[]
      readonly next: null
    }
    problems:
      'BUSY' | 'NOT_FOUND' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'CONFLICT' | 'ORIGIN_FORBIDDEN'
  }
  /** Trust a certificate */
  'POST /api/v1/certificates/trust': {
    params: undefined
    query: undefined
    body: {
      /** Of applications, or of persons who log in with a certificate */
      readonly holders?: 'applications' | 'persons' | undefined
      /** SHA-1 or SHA-256 in hex, or its beginning (from 8 digits on) */
      readonly thumbprint?: string | undefined
      /** PEM, or DER in base64 */
      readonly file?: string | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly certificate: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      }
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Take back the trust: the certificate waits in the inbox again */
  'POST /api/v1/certificates/reject': {
    params: undefined
    query: undefined
    body: {
      /** Of applications, or of persons who log in with a certificate */
      readonly holders?: 'applications' | 'persons' | undefined
      /** SHA-1 or SHA-256 in hex, or its beginning (from 8 digits on) */
      readonly thumbprint: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly certificate: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      }
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Remove a certificate, wherever it lies; it may be presented again */
  'POST /api/v1/certificates/remove': {
    params: undefined
    query: undefined
    body: {
      /** Of applications, or of persons who log in with a certificate */
      readonly holders?: 'applications' | 'persons' | undefined
      /** SHA-1 or SHA-256 in hex, or its beginning (from 8 digits on) */
      readonly thumbprint: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly certificate: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      }
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Import authorities, which complete chains, or revocation lists */
  'POST /api/v1/certificates/import': {
    params: undefined
    query: undefined
    body: {
      /** Of applications, or of persons who log in with a certificate */
      readonly holders?: 'applications' | 'persons' | undefined
      /** PEM, or DER in base64 */
      readonly file: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly issuers: readonly {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      }[]
      readonly lists: number
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Our own certificate as a file, for the far sides */
  'GET /api/v1/certificates/own': {
    params: undefined
    query: {
      readonly format?: 'der' | 'pem' | undefined
    }
    body: undefined
    answer: string
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Make our own certificate where there is none */
  'POST /api/v1/certificates/own': {
    params: undefined
    query: undefined
    body: {
      /** Of a new key (default: 2048) */
      readonly keyBits?: 2048 | 3072 | 4096 | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly applicationUri: string | null
      /** In use */
      readonly current: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** Waits to be taken in use */
      readonly next: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** In use before */
      readonly previous: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Make a new certificate of ours; it waits until it is taken in use */
  'POST /api/v1/certificates/own/renew': {
    params: undefined
    query: undefined
    body: {
      /** A new key in place of the one in use */
      readonly newKey?: boolean | undefined
      /** Of a new key (default: 2048) */
      readonly keyBits?: 2048 | 3072 | 4096 | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly applicationUri: string | null
      /** In use */
      readonly current: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** Waits to be taken in use */
      readonly next: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** In use before */
      readonly previous: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Take the new certificate of ours in use */
  'POST /api/v1/certificates/own/use': {
    params: undefined
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly applicationUri: string | null
      /** In use */
      readonly current: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** Waits to be taken in use */
      readonly next: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** In use before */
      readonly previous: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Go back to our certificate of before */
  'POST /api/v1/certificates/own/undo': {
    params: undefined
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly applicationUri: string | null
      /** In use */
      readonly current: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** Waits to be taken in use */
      readonly next: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** In use before */
      readonly previous: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Remove our certificate of before */
  'POST /api/v1/certificates/own/done': {
    params: undefined
    query: undefined
    body: {
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly applicationUri: string | null
      /** In use */
      readonly current: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** Waits to be taken in use */
      readonly next: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** In use before */
      readonly previous: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Import what an authority issued for our signing request */
  'POST /api/v1/certificates/own/import': {
    params: undefined
    query: undefined
    body: {
      /** PEM, or DER in base64 */
      readonly file: string
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      readonly applicationUri: string | null
      /** In use */
      readonly current: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** Waits to be taken in use */
      readonly next: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
      /** In use before */
      readonly previous: {
        /** SHA-1, as OPC UA shows it */
        readonly thumbprint: string
        readonly sha256: string
        readonly subject: string
        readonly issuer: string
        readonly commonName: string
        readonly serial: string
        readonly validFrom: string
        readonly validTo: string
        readonly applicationUri: string | null
        readonly dnsNames: readonly string[]
        readonly ipAddresses: readonly string[]
        /** null: not limited */
        readonly keyUsage: readonly string[] | null
        /** null: not limited */
        readonly extendedKeyUsage: readonly string[] | null
        /** Kind and length, such as `rsa 2048` */
        readonly key: string
        readonly signature: string
        readonly authority: boolean
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Make a signing request for an authority */
  'POST /api/v1/certificates/own/request': {
    params: undefined
    query: undefined
    body: {
      /** A new key in place of the one in use */
      readonly newKey?: boolean | undefined
      /** Of a new key (default: 2048) */
      readonly keyBits?: 2048 | 3072 | 4096 | undefined
      /** Why, for the audit */
      readonly reason?: string | undefined
    }
    answer: {
      /** PKCS #10 in PEM */
      readonly request: string
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** How the configuration stands */
  'GET /api/v1/config/status': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly file: string
      /** Of all files that what runs was read from */
      readonly hash: string
      readonly version: number
      /** ISO 8601, UTC */
      readonly appliedAt: string
      /** ISO 8601, UTC */
      readonly lastSuccessAt: string
      readonly lastReload: {
        readonly ok: boolean
        /** ISO 8601, UTC */
        readonly at: string
        readonly problems: readonly string[]
      }
      readonly trial: {
        readonly version: number
        readonly previous: number
        /** ISO 8601, UTC */
        readonly until: string
      } | null
      readonly needsRestart: readonly string[]
      readonly differsFromFiles: boolean
      /** No file of the configuration can be written from here: show it, and offer no edits */
      readonly readOnly: boolean
      /** Why the first file that cannot be written cannot; null: all can */
      readonly readOnlyReason: string | null
      /** What people have to be told; null: nothing */
      readonly banner: string | null
    }
    problems: 'BUSY' | 'NOT_FOUND' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Run by what is in the files now */
  'POST /api/v1/config/reload': {
    params: undefined
    query: undefined
    body: {
      /** Why, for the history and the audit */
      readonly message?: string | undefined
    } | null
    answer: {
      /** Its number in the history */
      readonly version: number
      readonly hash: string
      /** For people: + ~ - and ! for what needs a restart */
      readonly changes: readonly string[]
      readonly report: {
        readonly devices: {
          readonly added: readonly string[]
          readonly changed: readonly {
            readonly name: string
            /** kept: its connection stayed */
            readonly how: 'kept' | 'restarted'
            /** What differs; no values */
            readonly what: readonly string[]
            readonly tags?:
              | {
                  readonly added: number
                  readonly changed: number
                  readonly removed: number
                }
              | undefined
          }[]
          readonly removed: readonly string[]
          /** How many go on as they are */
          readonly untouched: number
        }
        readonly sinks: {
          readonly added: readonly string[]
          readonly changed: readonly {
            readonly name: string
            /** kept: its connection stayed */
            readonly how: 'kept' | 'restarted'
            /** What differs; no values */
            readonly what: readonly string[]
            readonly tags?:
              | {
                  readonly added: number
                  readonly changed: number
                  readonly removed: number
                }
              | undefined
          }[]
          readonly removed: readonly string[]
          /** How many go on as they are */
          readonly untouched: number
        }
        /** Settings that hold from now on */
        readonly settings: readonly string[]
        /** Settings that hold after the next start */
        readonly needsRestart: readonly string[]
        readonly durationMs: number
      }
      /** It goes back unless it is confirmed until then */
      readonly confirmUntil: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Write files and run by them, on trial where `confirmWithin` says so */
  'POST /api/v1/config/apply': {
    params: undefined
    query: undefined
    body: {
      /** Files as they shall be, by their path beside the configuration; absent: as they are on the disk */
      readonly files?: Readonly<Record<string, string>> | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    } | null
    answer: {
      /** Its number in the history */
      readonly version: number
      readonly hash: string
      /** For people: + ~ - and ! for what needs a restart */
      readonly changes: readonly string[]
      readonly report: {
        readonly devices: {
          readonly added: readonly string[]
          readonly changed: readonly {
            readonly name: string
            /** kept: its connection stayed */
            readonly how: 'kept' | 'restarted'
            /** What differs; no values */
            readonly what: readonly string[]
            readonly tags?:
              | {
                  readonly added: number
                  readonly changed: number
                  readonly removed: number
                }
              | undefined
          }[]
          readonly removed: readonly string[]
          /** How many go on as they are */
          readonly untouched: number
        }
        readonly sinks: {
          readonly added: readonly string[]
          readonly changed: readonly {
            readonly name: string
            /** kept: its connection stayed */
            readonly how: 'kept' | 'restarted'
            /** What differs; no values */
            readonly what: readonly string[]
            readonly tags?:
              | {
                  readonly added: number
                  readonly changed: number
                  readonly removed: number
                }
              | undefined
          }[]
          readonly removed: readonly string[]
          /** How many go on as they are */
          readonly untouched: number
        }
        /** Settings that hold from now on */
        readonly settings: readonly string[]
        /** Settings that hold after the next start */
        readonly needsRestart: readonly string[]
        readonly durationMs: number
      }
      /** It goes back unless it is confirmed until then */
      readonly confirmUntil: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Keep the version that is on trial */
  'POST /api/v1/config/confirm': {
    params: undefined
    query: undefined
    body: {
      /** Why, for the history and the audit */
      readonly message?: string | undefined
    } | null
    answer: {
      readonly version: number
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Versions that were applied, newest first */
  'GET /api/v1/config/history': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly versions: readonly {
        readonly version: number
        readonly hash: string
        /** ISO 8601, UTC */
        readonly time: string
        readonly user: string
        readonly source: string
        readonly message: string | null
        readonly files: readonly string[]
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'NOT_FOUND' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Write the files of an earlier version back, and run by them */
  'POST /api/v1/config/rollback': {
    params: undefined
    query: undefined
    body: {
      readonly version: number
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      /** Its number in the history */
      readonly version: number
      readonly hash: string
      /** For people: + ~ - and ! for what needs a restart */
      readonly changes: readonly string[]
      readonly report: {
        readonly devices: {
          readonly added: readonly string[]
          readonly changed: readonly {
            readonly name: string
            /** kept: its connection stayed */
            readonly how: 'kept' | 'restarted'
            /** What differs; no values */
            readonly what: readonly string[]
            readonly tags?:
              | {
                  readonly added: number
                  readonly changed: number
                  readonly removed: number
                }
              | undefined
          }[]
          readonly removed: readonly string[]
          /** How many go on as they are */
          readonly untouched: number
        }
        readonly sinks: {
          readonly added: readonly string[]
          readonly changed: readonly {
            readonly name: string
            /** kept: its connection stayed */
            readonly how: 'kept' | 'restarted'
            /** What differs; no values */
            readonly what: readonly string[]
            readonly tags?:
              | {
                  readonly added: number
                  readonly changed: number
                  readonly removed: number
                }
              | undefined
          }[]
          readonly removed: readonly string[]
          /** How many go on as they are */
          readonly untouched: number
        }
        /** Settings that hold from now on */
        readonly settings: readonly string[]
        /** Settings that hold after the next start */
        readonly needsRestart: readonly string[]
        readonly durationMs: number
      }
      /** It goes back unless it is confirmed until then */
      readonly confirmUntil: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The devices of the configuration, with their owners */
  'GET /api/v1/config/devices': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly objects: readonly {
        readonly name: string
        /** Driver or sink */
        readonly type: string
        readonly enabled: boolean
        /** File and line */
        readonly owner: string | null
        /** The template that it was made from */
        readonly template: string | null
        /** Why it cannot be changed from here; null: it can */
        readonly readOnly: string | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Add a device */
  'POST /api/v1/config/devices': {
    params: undefined
    query: undefined
    body: {
      /** As it would stand in the file, `name` included */
      readonly entry: Readonly<
        Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
      >
      /** A YAML file of the configuration; `conf.d/ui.yaml` where absent */
      readonly into?: string | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** A device as it is written, with the place of each setting */
  'GET /api/v1/config/devices/{device}': {
    params: {
      readonly device: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly kind: 'section' | 'device' | 'sink' | 'tag'
      readonly name: string
      /** File and line that own it; null: it stands nowhere */
      readonly owner: string | null
      readonly settings: readonly {
        readonly setting: string
        /** `***` for a secret, `${NAME}` for what comes from elsewhere */
        readonly value: string | number | boolean | null
        /** `bifrost.yaml:12:7`, `default`, `environment BIFROST_DATA` */
        readonly origin: string
      }[]
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Change settings of a device */
  'PATCH /api/v1/config/devices/{device}': {
    params: {
      readonly device: string
    }
    query: undefined
    body: {
      /** New values by the name of the setting: `every`, `options.timeout`; a dot within a name is `\.` */
      readonly set?:
        | Readonly<
            Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
          >
        | undefined
      /** Settings that go, so that the default holds */
      readonly unset?: readonly string[] | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Remove a device */
  'DELETE /api/v1/config/devices/{device}': {
    params: {
      readonly device: string
    }
    query: {
      /** Only say what it would come to: `plan` */
      readonly dryRun?: string | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
    }
    body: undefined
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The sinks of the configuration, with their owners */
  'GET /api/v1/config/sinks': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly objects: readonly {
        readonly name: string
        /** Driver or sink */
        readonly type: string
        readonly enabled: boolean
        /** File and line */
        readonly owner: string | null
        /** The template that it was made from */
        readonly template: string | null
        /** Why it cannot be changed from here; null: it can */
        readonly readOnly: string | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Add a sink */
  'POST /api/v1/config/sinks': {
    params: undefined
    query: undefined
    body: {
      /** As it would stand in the file, `name` included */
      readonly entry: Readonly<
        Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
      >
      /** A YAML file of the configuration; `conf.d/ui.yaml` where absent */
      readonly into?: string | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** A sink as it is written, with the place of each setting */
  'GET /api/v1/config/sinks/{sink}': {
    params: {
      readonly sink: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly kind: 'section' | 'device' | 'sink' | 'tag'
      readonly name: string
      /** File and line that own it; null: it stands nowhere */
      readonly owner: string | null
      readonly settings: readonly {
        readonly setting: string
        /** `***` for a secret, `${NAME}` for what comes from elsewhere */
        readonly value: string | number | boolean | null
        /** `bifrost.yaml:12:7`, `default`, `environment BIFROST_DATA` */
        readonly origin: string
      }[]
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Change settings of a sink */
  'PATCH /api/v1/config/sinks/{sink}': {
    params: {
      readonly sink: string
    }
    query: undefined
    body: {
      /** New values by the name of the setting: `every`, `options.timeout`; a dot within a name is `\.` */
      readonly set?:
        | Readonly<
            Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
          >
        | undefined
      /** Settings that go, so that the default holds */
      readonly unset?: readonly string[] | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Remove a sink */
  'DELETE /api/v1/config/sinks/{sink}': {
    params: {
      readonly sink: string
    }
    query: {
      /** Only say what it would come to: `plan` */
      readonly dryRun?: string | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
    }
    body: undefined
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** A section such as `store`, with the place of each setting */
  'GET /api/v1/config/sections/{section}': {
    params: {
      readonly section: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly kind: 'section' | 'device' | 'sink' | 'tag'
      readonly name: string
      /** File and line that own it; null: it stands nowhere */
      readonly owner: string | null
      readonly settings: readonly {
        readonly setting: string
        /** `***` for a secret, `${NAME}` for what comes from elsewhere */
        readonly value: string | number | boolean | null
        /** `bifrost.yaml:12:7`, `default`, `environment BIFROST_DATA` */
        readonly origin: string
      }[]
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Change settings of a section */
  'PATCH /api/v1/config/sections/{section}': {
    params: {
      readonly section: string
    }
    query: undefined
    body: {
      /** New values by the name of the setting: `every`, `options.timeout`; a dot within a name is `\.` */
      readonly set?:
        | Readonly<
            Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
          >
        | undefined
      /** Settings that go, so that the default holds */
      readonly unset?: readonly string[] | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The tags of a device, each with the row that it is written in */
  'GET /api/v1/config/devices/{device}/tags': {
    params: {
      readonly device: string
    }
    query: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly tags: readonly {
        readonly name: string
        /** The row that it is written in; null: its array or its template owns it */
        readonly owner: string | null
        readonly settings: Readonly<Record<string, string | number | boolean | null>>
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Add a tag to the list of a device */
  'POST /api/v1/config/devices/{device}/tags': {
    params: {
      readonly device: string
    }
    query: undefined
    body: {
      /** `name`, `address`, `type` and further columns of a tag list */
      readonly entry: Readonly<
        Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
      >
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** A tag as it is written, with the place of each setting */
  'GET /api/v1/config/devices/{device}/tags/{tag}': {
    params: {
      readonly device: string
      readonly tag: string
    }
    query: undefined
    body: undefined
    answer: {
      readonly kind: 'section' | 'device' | 'sink' | 'tag'
      readonly name: string
      /** File and line that own it; null: it stands nowhere */
      readonly owner: string | null
      readonly settings: readonly {
        readonly setting: string
        /** `***` for a secret, `${NAME}` for what comes from elsewhere */
        readonly value: string | number | boolean | null
        /** `bifrost.yaml:12:7`, `default`, `environment BIFROST_DATA` */
        readonly origin: string
      }[]
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Change settings of a tag */
  'PATCH /api/v1/config/devices/{device}/tags/{tag}': {
    params: {
      readonly device: string
      readonly tag: string
    }
    query: undefined
    body: {
      /** New values by the name of the setting: `every`, `options.timeout`; a dot within a name is `\.` */
      readonly set?:
        | Readonly<
            Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
          >
        | undefined
      /** Settings that go, so that the default holds */
      readonly unset?: readonly string[] | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Remove a tag */
  'DELETE /api/v1/config/devices/{device}/tags/{tag}': {
    params: {
      readonly device: string
      readonly tag: string
    }
    query: {
      /** Only say what it would come to: `plan` */
      readonly dryRun?: string | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
    }
    body: undefined
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Many edits at once: all of them or none */
  'POST /api/v1/config/edits': {
    params: undefined
    query: undefined
    body: {
      readonly edits: readonly (
        | {
            readonly do: 'set'
            readonly object:
              | {
                  readonly kind: 'tag'
                  readonly device: string
                  readonly name: string
                }
              | {
                  readonly kind: 'device' | 'sink' | 'section'
                  readonly name: string
                }
            readonly setting: readonly (string | number)[]
            /** As it would stand in the file: `${NAME}` and `${secret:name}` are references, `$$` is a dollar sign */
            readonly value: string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>
            /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
            readonly choice?: 'override' | 'detach' | 'shared' | undefined
          }
        | {
            readonly do: 'unset'
            readonly object:
              | {
                  readonly kind: 'tag'
                  readonly device: string
                  readonly name: string
                }
              | {
                  readonly kind: 'device' | 'sink' | 'section'
                  readonly name: string
                }
            readonly setting: readonly (string | number)[]
            /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
            readonly choice?: 'override' | 'detach' | 'shared' | undefined
          }
        | {
            readonly do: 'remove'
            readonly object:
              | {
                  readonly kind: 'tag'
                  readonly device: string
                  readonly name: string
                }
              | {
                  readonly kind: 'device' | 'sink' | 'section'
                  readonly name: string
                }
            /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
            readonly choice?: 'override' | 'detach' | 'shared' | undefined
          }
        | {
            readonly do: 'add'
            readonly kind: 'device' | 'sink'
            readonly entry: Readonly<
              Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
            >
            readonly into?: string | undefined
          }
        | {
            readonly do: 'add'
            readonly kind: 'tag'
            readonly device: string
            readonly entry: Readonly<
              Record<string, string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>>
            >
            /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
            readonly choice?: 'override' | 'detach' | 'shared' | undefined
          }
      )[]
      /** Only say what it would come to: `plan` */
      readonly dryRun?: boolean | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What the files on the disk would change, and the load that it means */
  'GET /api/v1/config/plan': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly counts: {
        readonly added: number
        readonly changed: number
        readonly removed: number
      }
      /** The first thousand; secrets are `***` */
      readonly differences: readonly {
        readonly sign: '+' | '~' | '-'
        readonly kind: 'device' | 'tag' | 'sink' | 'section'
        readonly name: string
        readonly changes: readonly {
          readonly setting: string
          readonly before?: string | number | boolean | null | undefined
          readonly after?: string | number | boolean | null | undefined
        }[]
      }[]
      /** The same and the load, for people */
      readonly lines: readonly string[]
      readonly load: {
        readonly devices: readonly {
          readonly device: string
          readonly driver: string
          readonly enabled: boolean
          readonly tags: number
          readonly line: string
          /** At most: as often as the tags are read */
          readonly samplesPerSecond: number
          /** Absent: not known, and `unknown` says why */
          readonly requestsPerSecond?: number | undefined
          readonly unknown?: string | undefined
        }[]
        readonly lines: readonly {
          readonly line: string
          readonly devices: readonly string[]
          readonly requestsPerSecond?: number | undefined
          /** Above 1 the line cannot do it */
          readonly utilisation?: number | undefined
          readonly inFlight?: number | undefined
          readonly unknown: readonly string[]
        }[]
        readonly samplesPerSecond: number
        readonly requestsPerSecond: number
        readonly log: {
          readonly bytesPerSecond: number
          readonly bufferHours: number | null
          readonly limitedBy: 'maxSize' | 'maxAge' | null
        }
        readonly sinks: readonly {
          readonly sink: string
          readonly kind: string
          readonly enabled: boolean
          readonly tags: number
          readonly samplesPerSecond: number
          readonly places?:
            | {
                readonly count: number
                readonly word: string
              }
            | undefined
        }[]
        readonly assumptions: readonly string[]
      }
      readonly loadBefore: {
        readonly devices: readonly {
          readonly device: string
          readonly driver: string
          readonly enabled: boolean
          readonly tags: number
          readonly line: string
          /** At most: as often as the tags are read */
          readonly samplesPerSecond: number
          /** Absent: not known, and `unknown` says why */
          readonly requestsPerSecond?: number | undefined
          readonly unknown?: string | undefined
        }[]
        readonly lines: readonly {
          readonly line: string
          readonly devices: readonly string[]
          readonly requestsPerSecond?: number | undefined
          /** Above 1 the line cannot do it */
          readonly utilisation?: number | undefined
          readonly inFlight?: number | undefined
          readonly unknown: readonly string[]
        }[]
        readonly samplesPerSecond: number
        readonly requestsPerSecond: number
        readonly log: {
          readonly bytesPerSecond: number
          readonly bufferHours: number | null
          readonly limitedBy: 'maxSize' | 'maxAge' | null
        }
        readonly sinks: readonly {
          readonly sink: string
          readonly kind: string
          readonly enabled: boolean
          readonly tags: number
          readonly samplesPerSecond: number
          readonly places?:
            | {
                readonly count: number
                readonly word: string
              }
            | undefined
        }[]
        readonly assumptions: readonly string[]
      } | null
      /** What changes in the files, for `patch -p1`; null where files were given whole */
      readonly patch: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What files or edits would change, and the load that it means */
  'POST /api/v1/config/plan': {
    params: undefined
    query: undefined
    body: {
      /** Files as they would be, by their path beside the configuration */
      readonly files?: Readonly<Record<string, string>> | undefined
      readonly edits?:
        | readonly (
            | {
                readonly do: 'set'
                readonly object:
                  | {
                      readonly kind: 'tag'
                      readonly device: string
                      readonly name: string
                    }
                  | {
                      readonly kind: 'device' | 'sink' | 'section'
                      readonly name: string
                    }
                readonly setting: readonly (string | number)[]
                /** As it would stand in the file: `${NAME}` and `${secret:name}` are references, `$$` is a dollar sign */
                readonly value:
                  string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>
                /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
                readonly choice?: 'override' | 'detach' | 'shared' | undefined
              }
            | {
                readonly do: 'unset'
                readonly object:
                  | {
                      readonly kind: 'tag'
                      readonly device: string
                      readonly name: string
                    }
                  | {
                      readonly kind: 'device' | 'sink' | 'section'
                      readonly name: string
                    }
                readonly setting: readonly (string | number)[]
                /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
                readonly choice?: 'override' | 'detach' | 'shared' | undefined
              }
            | {
                readonly do: 'remove'
                readonly object:
                  | {
                      readonly kind: 'tag'
                      readonly device: string
                      readonly name: string
                    }
                  | {
                      readonly kind: 'device' | 'sink' | 'section'
                      readonly name: string
                    }
                /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
                readonly choice?: 'override' | 'detach' | 'shared' | undefined
              }
            | {
                readonly do: 'add'
                readonly kind: 'device' | 'sink'
                readonly entry: Readonly<
                  Record<
                    string,
                    string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>
                  >
                >
                readonly into?: string | undefined
              }
            | {
                readonly do: 'add'
                readonly kind: 'tag'
                readonly device: string
                readonly entry: Readonly<
                  Record<
                    string,
                    string | number | boolean | null | readonly unknown[] | Readonly<Record<string, unknown>>
                  >
                >
                /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
                readonly choice?: 'override' | 'detach' | 'shared' | undefined
              }
          )[]
        | undefined
    }
    answer: {
      readonly counts: {
        readonly added: number
        readonly changed: number
        readonly removed: number
      }
      /** The first thousand; secrets are `***` */
      readonly differences: readonly {
        readonly sign: '+' | '~' | '-'
        readonly kind: 'device' | 'tag' | 'sink' | 'section'
        readonly name: string
        readonly changes: readonly {
          readonly setting: string
          readonly before?: string | number | boolean | null | undefined
          readonly after?: string | number | boolean | null | undefined
        }[]
      }[]
      /** The same and the load, for people */
      readonly lines: readonly string[]
      readonly load: {
        readonly devices: readonly {
          readonly device: string
          readonly driver: string
          readonly enabled: boolean
          readonly tags: number
          readonly line: string
          /** At most: as often as the tags are read */
          readonly samplesPerSecond: number
          /** Absent: not known, and `unknown` says why */
          readonly requestsPerSecond?: number | undefined
          readonly unknown?: string | undefined
        }[]
        readonly lines: readonly {
          readonly line: string
          readonly devices: readonly string[]
          readonly requestsPerSecond?: number | undefined
          /** Above 1 the line cannot do it */
          readonly utilisation?: number | undefined
          readonly inFlight?: number | undefined
          readonly unknown: readonly string[]
        }[]
        readonly samplesPerSecond: number
        readonly requestsPerSecond: number
        readonly log: {
          readonly bytesPerSecond: number
          readonly bufferHours: number | null
          readonly limitedBy: 'maxSize' | 'maxAge' | null
        }
        readonly sinks: readonly {
          readonly sink: string
          readonly kind: string
          readonly enabled: boolean
          readonly tags: number
          readonly samplesPerSecond: number
          readonly places?:
            | {
                readonly count: number
                readonly word: string
              }
            | undefined
        }[]
        readonly assumptions: readonly string[]
      }
      readonly loadBefore: {
        readonly devices: readonly {
          readonly device: string
          readonly driver: string
          readonly enabled: boolean
          readonly tags: number
          readonly line: string
          /** At most: as often as the tags are read */
          readonly samplesPerSecond: number
          /** Absent: not known, and `unknown` says why */
          readonly requestsPerSecond?: number | undefined
          readonly unknown?: string | undefined
        }[]
        readonly lines: readonly {
          readonly line: string
          readonly devices: readonly string[]
          readonly requestsPerSecond?: number | undefined
          /** Above 1 the line cannot do it */
          readonly utilisation?: number | undefined
          readonly inFlight?: number | undefined
          readonly unknown: readonly string[]
        }[]
        readonly samplesPerSecond: number
        readonly requestsPerSecond: number
        readonly log: {
          readonly bytesPerSecond: number
          readonly bufferHours: number | null
          readonly limitedBy: 'maxSize' | 'maxAge' | null
        }
        readonly sinks: readonly {
          readonly sink: string
          readonly kind: string
          readonly enabled: boolean
          readonly tags: number
          readonly samplesPerSecond: number
          readonly places?:
            | {
                readonly count: number
                readonly word: string
              }
            | undefined
        }[]
        readonly assumptions: readonly string[]
      } | null
      /** What changes in the files, for `patch -p1`; null where files were given whole */
      readonly patch: string | null
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The tag list of a device as a file that `import` takes back without a change */
  'GET /api/v1/config/devices/{device}/tags/export': {
    params: {
      readonly device: string
    }
    query: {
      readonly format?: 'csv' | 'xlsx' | undefined
    }
    body: undefined
    answer: string
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The files of the configuration that runs, and what is written in each */
  'GET /api/v1/config/files': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly files: readonly {
        /** Beside the configuration; one far away is absolute */
        readonly path: string
        readonly bytes: number
        /** SHA-256 of what it really holds */
        readonly hash: string
        /** The first file; the others are what it includes or names */
        readonly isMain: boolean
        /** Why it cannot be written from here; null: it can */
        readonly readOnly: string | null
        /** differs: somebody has edited it, and it was not applied */
        readonly onDisk: 'same' | 'differs' | 'gone'
        readonly objectCount: number
        /** What is written in it, the first five thousand */
        readonly objects: readonly {
          readonly kind: 'device' | 'sink' | 'template' | 'role' | 'tags'
          readonly name: string
          readonly line: number
        }[]
      }[]
      readonly folder: string
      readonly next: null
    }
    problems: 'BUSY' | 'NOT_FOUND' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** The text of a file of the configuration, without secrets */
  'GET /api/v1/config/file': {
    params: undefined
    query: {
      /** As the list has it */
      readonly path: string
      /** What runs, or what is on the disk now */
      readonly of?: 'running' | 'disk' | undefined
    }
    body: undefined
    answer: {
      readonly path: string
      /** Byte for byte, but that `***` stands for what is secret */
      readonly text: string
      /** SHA-256 of what it really holds */
      readonly hash: string
      /** How many secrets are not shown */
      readonly masked: number
    }
    problems:
      | 'BUSY'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Check files as they would be: every problem with its line and column, and the plan */
  'POST /api/v1/config/check': {
    params: undefined
    query: undefined
    body: {
      /** By their path beside the configuration; the others are as they are */
      readonly files: Readonly<Record<string, string>>
    }
    answer: {
      readonly ok: boolean
      readonly problems: readonly {
        readonly severity: 'error' | 'warning'
        readonly file: string
        readonly line: number
        readonly column: number
        /** `devices[0].options.port`, `row 37, address` */
        readonly path: string
        readonly message: string
        /** What was probably meant */
        readonly suggestion: string | null
      }[]
      /** What it would change; null where there are errors */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** JSON Schema of a configuration file, for completion */
  'GET /api/v1/config/schema': {
    params: undefined
    query: {
      readonly draft?: 'draft-07' | '2020-12' | undefined
    }
    body: undefined
    answer: Readonly<Record<string, unknown>>
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** A version that was applied: who, when, why, and its files */
  'GET /api/v1/config/history/{version}': {
    params: {
      /** Its number */
      readonly version: number
    }
    query: undefined
    body: undefined
    answer: {
      readonly version: number
      readonly hash: string
      /** ISO 8601, UTC */
      readonly time: string
      readonly user: string
      readonly source: string
      readonly message: string | null
      readonly files: readonly {
        readonly path: string
        readonly bytes: number
        /** SHA-256 of what it really holds */
        readonly hash: string
      }[]
      readonly isRunning: boolean
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The text of a file of a version, without secrets */
  'GET /api/v1/config/history/{version}/file': {
    params: {
      /** Its number */
      readonly version: number
    }
    query: {
      /** As the list has it */
      readonly path: string
    }
    body: undefined
    answer: {
      readonly path: string
      /** Byte for byte, but that `***` stands for what is secret */
      readonly text: string
      /** SHA-256 of what it really holds */
      readonly hash: string
      /** How many secrets are not shown */
      readonly masked: number
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What differs between two versions, what runs, and what is on the disk */
  'GET /api/v1/config/diff': {
    params: undefined
    query: {
      /** The number of a version, `running`, or `disk` */
      readonly from: string
      /** The number of a version, `running`, or `disk` */
      readonly to?: string | undefined
    }
    body: undefined
    answer: {
      /** For `patch -p1`, but that secrets are masked on both sides */
      readonly patch: string
      /** By object; null: one side cannot be loaded any more, and `reason` says why */
      readonly differences:
        | readonly {
            readonly sign: '+' | '~' | '-'
            readonly kind: 'device' | 'tag' | 'sink' | 'section'
            readonly name: string
            readonly changes: readonly {
              readonly setting: string
              readonly before?: string | number | boolean | null | undefined
              readonly after?: string | number | boolean | null | undefined
            }[]
          }[]
        | null
      readonly counts: {
        readonly added: number
        readonly changed: number
        readonly removed: number
      } | null
      readonly reason: string | null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'ORIGIN_FORBIDDEN'
  }
  /** The settings of the gateway as one file, without secrets */
  'GET /api/v1/backup': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
    problems:
      'BUSY' | 'STORE_FAILED' | 'NOT_FOUND' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** What restoring a backup would change */
  'POST /api/v1/backup/preview': {
    params: undefined
    query: undefined
    body: {
      /** The file of `GET /api/v1/backup`, as base64 */
      readonly archive: string
      /** Secrets that this gateway does not have, by their place as `preview` names it: `conf.d/sinks.yaml:6:65` */
      readonly secrets?: Readonly<Record<string, string>> | undefined
    }
    answer: {
      /** It can be restored as it is */
      readonly ok: boolean
      readonly manifest: {
        readonly format: 'bifrost-backup'
        readonly version: number
        readonly createdAt: string
        readonly gateway: {
          readonly version: string
        }
        readonly secrets: 'none'
        readonly config: {
          readonly main: string
          readonly hash: string
          readonly version: number
        }
        readonly leftOut: readonly {
          readonly what: string
          readonly why: string
        }[]
        /** How many */
        readonly files: number
      }
      readonly parts: readonly {
        readonly part: 'config' | 'certificates' | 'parameters' | 'profiles'
        readonly create: readonly string[]
        readonly change: readonly string[]
        readonly remove: readonly string[]
        readonly same: number
        /** There is another one of that name: it stays */
        readonly kept: readonly string[]
        /** Nothing that belongs there: it is passed over */
        readonly refused: readonly string[]
      }[]
      /** What the configuration would change; null where it is not good */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** Why its configuration cannot be used here */
      readonly problems: readonly string[]
      /** Places of secrets that neither the backup nor this gateway has */
      readonly missingSecrets: readonly string[]
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Restore a backup: all of its configuration, and what is missing in the data folder */
  'POST /api/v1/backup/restore': {
    params: undefined
    query: undefined
    body: {
      /** The file of `GET /api/v1/backup`, as base64 */
      readonly archive: string
      /** Secrets that this gateway does not have, by their place as `preview` names it: `conf.d/sinks.yaml:6:65` */
      readonly secrets?: Readonly<Record<string, string>> | undefined
      /** What is restored; `certificates` trusts those that it adds; `profiles` count from the next start on */
      readonly parts?: readonly ('config' | 'certificates' | 'parameters' | 'profiles')[] | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
    }
    answer: {
      /** What came of the configuration; null: it was not asked for */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
      /** Files that were added to the data folder */
      readonly written: readonly string[]
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
  /** What was done, newest first */
  'GET /api/v1/audit': {
    params: undefined
    query: {
      /** ISO 8601 or ms since 1970, included */
      readonly from?: string | undefined
      /** ISO 8601 or ms since 1970, not included */
      readonly to?: string | undefined
      readonly user?: string | undefined
      readonly action?: string | undefined
      readonly object?: string | undefined
      /** `refused`: also what failed, by whatever code; `done`: everything that was carried out */
      readonly outcome?: 'requested' | 'done' | 'refused' | undefined
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      readonly events: readonly {
        /** Number of the line */
        readonly n: number
        readonly time: string
        /** The same for all lines of one action */
        readonly id: string
        readonly action: string
        readonly user: string
        readonly from: string
        /** Its kind first: `tag press-1/level`, `user anna` */
        readonly object: string
        readonly before: unknown
        readonly after: unknown
        readonly reason: string | null
        readonly outcome: string
        /** Trace id of the request: the header x-correlation-id of its answer */
        readonly trace?: string | undefined
        readonly details?: Readonly<Record<string, unknown>> | undefined
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** The audit log as a file, oldest first */
  'GET /api/v1/audit/export': {
    params: undefined
    query: {
      /** ISO 8601 or ms since 1970, included */
      readonly from?: string | undefined
      /** ISO 8601 or ms since 1970, not included */
      readonly to?: string | undefined
      readonly format?: 'ndjson' | 'csv' | undefined
    }
    body: undefined
    answer: string
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Whether the audit log is as the gateway wrote it */
  'GET /api/v1/audit/verify': {
    params: undefined
    query: {
      readonly anchor?: string | undefined
    }
    body: undefined
    answer: {
      readonly ok: boolean
      readonly findings: readonly {
        readonly file: string
        readonly line: number | null
        readonly n: number | null
        readonly problem: string
      }[]
      readonly files: number
      readonly lines: number
      /** Number of the oldest line */
      readonly from: number | null
      readonly last: {
        readonly n: number
        readonly hash: string
      } | null
      /** false: the key is not here, so that only the hashes were followed */
      readonly signatures: boolean
      /** Events of the command line that were not taken yet */
      readonly waiting: number
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** State of the durable log */
  'GET /api/v1/log': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly logId: string
      /** Logs that were restored into this one: up to `throughSeq` the same number is the same sample in both */
      readonly ancestors: readonly {
        readonly logId: string
        readonly throughSeq: number
        /** When it was restored */
        readonly at: string
      }[]
      readonly oldestSeq: number
      /** Everything up to here survives a power cut */
      readonly durableSeq: number
      readonly nextSeq: number
      readonly bytes: number
      /** Until samples are lost that a sink does not have, at the present rate; null when unknown */
      readonly hoursLeft: number | null
      /** How long a sink may be away at the present rate before samples are lost; null when unknown */
      readonly hoursHeld: number | null
      /** At its bound, and new samples are refused to keep old ones */
      readonly full: boolean
      /** Why the log cannot be written; null when it can */
      readonly failed: string | null
      /** What is kept of samples in the order of tags, beyond the bounds of the log */
      readonly trends: {
        readonly files: number
        readonly bytes: number
        /** Source time of the oldest sample in a trend */
        readonly oldestTime: string | null
        /** Files, and parts of files, that did not check since the start */
        readonly damaged: number
      }
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** What the gateway said lately, newest first */
  'GET /api/v1/logs': {
    params: undefined
    query: {
      /** This level and what is worse */
      readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined
      /** Which part of the gateway speaks: `polling`, `sink`, `http` */
      readonly component?: string | undefined
      readonly device?: string | undefined
      readonly sink?: string | undefined
      /** Text in the message or in the fields, whatever the case */
      readonly q?: string | undefined
      /** Only records with a greater number `n` */
      readonly after?: number | undefined
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer:
      | {
          readonly records: readonly {
            /** Counts up with each record since the start of the gateway */
            readonly n: number
            readonly time: string
            readonly level: 'debug' | 'info' | 'warn' | 'error'
            readonly component: string | null
            readonly device: string | null
            readonly sink: string | null
            readonly message: string
            /** What else was said, with the names of the Elastic Common Schema */
            readonly fields: Readonly<Record<string, unknown>>
          }[]
          /** `cursor` of the next page; null on the last */
          readonly next: string | null
          /** Number of the newest record of all: `after` for what comes later */
          readonly newest: number
          /** What is in memory; what is older is where the log of the service goes */
          readonly held: {
            readonly records: number
            readonly bytes: number
            readonly oldestAt: string | null
          }
        }
      | string
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** What the gateway said lately as a file, oldest first */
  'GET /api/v1/logs/export': {
    params: undefined
    query: {
      /** This level and what is worse */
      readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined
      /** Which part of the gateway speaks: `polling`, `sink`, `http` */
      readonly component?: string | undefined
      readonly device?: string | undefined
      readonly sink?: string | undefined
      /** Text in the message or in the fields, whatever the case */
      readonly q?: string | undefined
      /** Only records with a greater number `n` */
      readonly after?: number | undefined
      readonly format?: 'ndjson' | 'text' | undefined
    }
    body: undefined
    answer: string
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** How much the gateway says */
  'GET /api/v1/logs/levels': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      /** `log.level` of the configuration */
      readonly configured: 'debug' | 'info' | 'warn' | 'error'
      /** What holds now where nothing narrower is in `forAWhile` */
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly forAWhile: readonly {
        readonly component: string | null
        readonly device: string | null
        readonly sink: string | null
        readonly level: 'debug' | 'info' | 'warn' | 'error'
        readonly by: string
        readonly reason: string | null
        readonly since: string
        /** When it ends by itself */
        readonly until: string
      }[]
      /** Those that are in the records that are held */
      readonly components: readonly string[]
      readonly next: null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Say more, or less, for a while */
  'PUT /api/v1/logs/levels': {
    params: undefined
    query: undefined
    body: {
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      /** Which part of the gateway speaks: `polling`, `sink`, `http` */
      readonly component?: string | undefined
      readonly device?: string | undefined
      readonly sink?: string | undefined
      /** After this time it ends by itself: ms, or a text such as `10m`; an hour at most */
      readonly duration?: number | string | undefined
      /** Why, for the audit log */
      readonly reason?: string | undefined
    }
    answer: {
      /** `log.level` of the configuration */
      readonly configured: 'debug' | 'info' | 'warn' | 'error'
      /** What holds now where nothing narrower is in `forAWhile` */
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly forAWhile: readonly {
        readonly component: string | null
        readonly device: string | null
        readonly sink: string | null
        readonly level: 'debug' | 'info' | 'warn' | 'error'
        readonly by: string
        readonly reason: string | null
        readonly since: string
        /** When it ends by itself */
        readonly until: string
      }[]
      /** Those that are in the records that are held */
      readonly components: readonly string[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** Back to the configured level before its time */
  'DELETE /api/v1/logs/levels': {
    params: undefined
    query: {
      /** Which part of the gateway speaks: `polling`, `sink`, `http` */
      readonly component?: string | undefined
      readonly device?: string | undefined
      readonly sink?: string | undefined
    }
    body: undefined
    answer: {
      /** `log.level` of the configuration */
      readonly configured: 'debug' | 'info' | 'warn' | 'error'
      /** What holds now where nothing narrower is in `forAWhile` */
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly forAWhile: readonly {
        readonly component: string | null
        readonly device: string | null
        readonly sink: string | null
        readonly level: 'debug' | 'info' | 'warn' | 'error'
        readonly by: string
        readonly reason: string | null
        readonly since: string
        /** When it ends by itself */
        readonly until: string
      }[]
      /** Those that are in the records that are held */
      readonly components: readonly string[]
      readonly next: null
    }
    problems:
      | 'BUSY'
      | 'STORE_FAILED'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'ORIGIN_FORBIDDEN'
  }
  /** How the gateway itself does */
  'GET /api/v1/system': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly version: string
      readonly nodeVersion: string
      readonly startedAt: string
      readonly uptimeMs: number
      readonly hostName: string
      readonly process: {
        /** Of one core, over the last ten seconds: 0.25 is a quarter of it */
        readonly cpuShare: number | null
        readonly rssBytes: number
        readonly heapUsedBytes: number
        readonly heapLimitBytes: number
      }
      readonly machine: {
        /** That the gateway may use */
        readonly cores: number
        /** Over 1, 5 and 15 minutes; null where there is none */
        readonly loadAverage: readonly number[] | null
        readonly memoryBytes: number
        /** Of the container or service, or the bound at which it is slowed down where that is less; null: there is none */
        readonly memoryLimitBytes: number | null
      }
      /** Where the data folder lies, looked at every half a minute at most; null: it cannot be read */
      readonly disk: {
        readonly totalBytes: number
        /** That the gateway may still fill */
        readonly freeBytes: number
        /** By the data folder; null: it has too many files to look at */
        readonly usedByGatewayBytes: number | null
      } | null
      readonly eventLoop: {
        /** Over the last minute */
        readonly delayMs: {
          readonly p50: number
          readonly p99: number
          readonly max: number
        } | null
        /** Share of the last ten seconds that went into garbage collection, 0…1 */
        readonly gcShare: number | null
      }
      readonly clock: {
        readonly now: string
        /** How far the clock moved against the time that only goes forward, since the start: slewing and steps */
        readonly driftMs: number
        /** When the clock was set while the gateway ran, or the machine slept; the newest last, 20 at most */
        readonly steps: readonly {
          readonly at: string
          /** Positive: forward */
          readonly byMs: number
        }[]
        /** What systemd-timesyncd says; null: it does not run, so that nobody here knows */
        readonly synchronised: boolean | null
      }
      readonly samples: {
        /** Stored, over the last ten seconds */
        readonly inPerSecond: number | null
        /** Delivered to all sinks together */
        readonly outPerSecond: number | null
        readonly sinks: readonly {
          readonly name: string
          /** Stored, of those that the sink takes */
          readonly inPerSecond: number | null
          /** Delivered */
          readonly outPerSecond: number | null
        }[]
        /** The busiest hundred; `GET /api/v1/devices` has all of them */
        readonly devices: readonly {
          readonly name: string
          readonly samplesPerSecond: number
        }[]
      }
      /** The last five minutes, a point every five seconds, the newest last */
      readonly history: readonly {
        readonly at: string
        readonly inPerSecond: number | null
        readonly outPerSecond: number | null
        readonly cpuShare: number | null
        readonly rssBytes: number
        /** How much later than it should a timer of the event loop fires, in ms; null: not measured yet */
        readonly loopDelayMs: {
          readonly p50: number
          readonly p99: number
          readonly max: number
        } | null
      }[]
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Reliability of devices and completeness of their data */
  'GET /api/v1/kpi/devices': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
      /** By the clock of the gateway; total: since it is kept */
      readonly window?: 'hour' | 'day' | 'total' | undefined
    }
    body: undefined
    answer: {
      readonly window: string
      readonly devices: readonly {
        readonly name: string
        readonly driver: string
        /** Null: disabled, in planned maintenance, or not known yet */
        readonly isUp: boolean | null
        /** The window that is not over; null: there is none now, as between shifts */
        readonly current: {
          /** Null: from the beginning */
          readonly from: string | null
          /** When the window ends; null: with the present */
          readonly to: string | null
          /** Of the shift */
          readonly name: string | null
          readonly figures: {
            /** In state Running */
            readonly upMs: number
            /** Enabled and not in state Running; planned maintenance apart */
            readonly downMs: number
            /** Changes from Running to another state */
            readonly failures: number
            /** Failures that are over */
            readonly recoveries: number
            /** Mean time between failures: up time over failures; null: none yet */
            readonly mtbfMs: number | null
            /** Mean time to recovery, of failures that are over; null: none yet */
            readonly mttrMs: number | null
            /** Up time over up and down time; null: nothing is known of it */
            readonly availability: number | null
            /** One a tag and interval that is over; tags that are subscribed to apart */
            readonly samplesExpected: number
            /** Of these, read with status Good, before any deadband */
            readonly samplesGood: number
            /** Good over expected; null: nothing is known of it */
            readonly completeness: number | null
          }
        } | null
        /** The one before; null: there was none, or it is the total */
        readonly previous: {
          /** Null: from the beginning */
          readonly from: string | null
          /** When the window ends; null: with the present */
          readonly to: string | null
          /** Of the shift */
          readonly name: string | null
          readonly figures: {
            /** In state Running */
            readonly upMs: number
            /** Enabled and not in state Running; planned maintenance apart */
            readonly downMs: number
            /** Changes from Running to another state */
            readonly failures: number
            /** Failures that are over */
            readonly recoveries: number
            /** Mean time between failures: up time over failures; null: none yet */
            readonly mtbfMs: number | null
            /** Mean time to recovery, of failures that are over; null: none yet */
            readonly mttrMs: number | null
            /** Up time over up and down time; null: nothing is known of it */
            readonly availability: number | null
            /** One a tag and interval that is over; tags that are subscribed to apart */
            readonly samplesExpected: number
            /** Of these, read with status Good, before any deadband */
            readonly samplesGood: number
            /** Good over expected; null: nothing is known of it */
            readonly completeness: number | null
          }
        } | null
      }[]
      /** Of the current window, over all devices in sight, whatever the page */
      readonly sum: {
        readonly samplesExpected: number
        readonly samplesGood: number
        /** Good over expected; null: nothing is known of it */
        readonly completeness: number | null
      }
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Availability, performance, quality and OEE of assets */
  'GET /api/v1/kpi/assets': {
    params: undefined
    query: {
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
      /** By the time zone of the asset; shift is the day where it has no shifts */
      readonly window?: 'hour' | 'shift' | 'day' | 'total' | undefined
    }
    body: undefined
    answer: {
      readonly window: string
      readonly assets: readonly {
        readonly name: string
        readonly area: string | null
        readonly state: 'running' | 'stopped' | 'unknown' | 'not planned'
        /** The window that is not over; null: there is none now, as between shifts */
        readonly current: {
          /** Null: from the beginning */
          readonly from: string | null
          /** When the window ends; null: with the present */
          readonly to: string | null
          /** Of the shift */
          readonly name: string | null
          readonly figures: {
            /** Planned time in which everything was known */
            readonly plannedMs: number
            readonly runningMs: number
            /** Planned time in which a tag was not good, or the gateway away: in no ratio */
            readonly unknownMs: number
            /** Pieces, good ones and others */
            readonly produced: number
            /** Null: nobody counts them */
            readonly rejected: number | null
            readonly good: number | null
            /** Pieces that the running time could have brought at the ideal rate */
            readonly ideal: number
            /** Pieces of the time that is unknown, as far as the counter tells: in no ratio */
            readonly missed: number
            /** Running outside the planned time */
            readonly unplannedRunningMs: number
            /** Pieces outside the planned time */
            readonly unplannedPieces: number
            /** How often a counter was set back to 0 */
            readonly counterResets: number
            /** How often a counter moved as no production moves it: not counted */
            readonly counterJumps: number
            /** Running over planned time; null: nothing is known of it */
            readonly availability: number | null
            /** Produced over ideal; above 1 where the ideal rate is too low; null: nothing is known of it */
            readonly performance: number | null
            /** Good over produced; null: nothing is known of it */
            readonly quality: number | null
            /** Availability × performance × quality; null: nothing is known of it */
            readonly oee: number | null
          }
        } | null
        /** The one before; null: there was none, or it is the total */
        readonly previous: {
          /** Null: from the beginning */
          readonly from: string | null
          /** When the window ends; null: with the present */
          readonly to: string | null
          /** Of the shift */
          readonly name: string | null
          readonly figures: {
            /** Planned time in which everything was known */
            readonly plannedMs: number
            readonly runningMs: number
            /** Planned time in which a tag was not good, or the gateway away: in no ratio */
            readonly unknownMs: number
            /** Pieces, good ones and others */
            readonly produced: number
            /** Null: nobody counts them */
            readonly rejected: number | null
            readonly good: number | null
            /** Pieces that the running time could have brought at the ideal rate */
            readonly ideal: number
            /** Pieces of the time that is unknown, as far as the counter tells: in no ratio */
            readonly missed: number
            /** Running outside the planned time */
            readonly unplannedRunningMs: number
            /** Pieces outside the planned time */
            readonly unplannedPieces: number
            /** How often a counter was set back to 0 */
            readonly counterResets: number
            /** How often a counter moved as no production moves it: not counted */
            readonly counterJumps: number
            /** Running over planned time; null: nothing is known of it */
            readonly availability: number | null
            /** Produced over ideal; above 1 where the ideal rate is too low; null: nothing is known of it */
            readonly performance: number | null
            /** Good over produced; null: nothing is known of it */
            readonly quality: number | null
            /** Availability × performance × quality; null: nothing is known of it */
            readonly oee: number | null
          }
        } | null
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** How much of what there is the gateway uses */
  'GET /api/v1/capacity': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly devices: number
      readonly tags: number
      /** That came in, over the last ten seconds; null in the first ones */
      readonly samplesPerSecond: number | null
      readonly log: {
        readonly bytes: number
        /** How long a sink may be away before samples are lost */
        readonly hoursHeld: number | null
        /** Until samples are lost, if no sink takes any from now on */
        readonly hoursLeft: number | null
      }
      readonly resources: readonly {
        readonly resource: 'cpu' | 'memory' | 'disk' | 'line' | 'file-descriptors'
        /** Bytes, files, or the share of one core or line */
        readonly used: number
        readonly limit: number
        readonly ratio: number
      }[]
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** How long polls took, by device and minute */
  'GET /api/v1/diagnostics/polls': {
    params: undefined
    query: {
      /** Only this one */
      readonly device?: string | undefined
      /** How many, this one included */
      readonly minutes?: number | undefined
      /** Rows of a page */
      readonly limit?: number | undefined
      /** `next` of the page before */
      readonly cursor?: string | undefined
    }
    body: undefined
    answer: {
      /** Oldest first; the last one is not over yet. There are fewer where the gateway has not run for so long */
      readonly minutes: readonly {
        readonly from: string
        /** How much later than it should a timer of the event loop fires, in ms; null: not measured yet */
        readonly eventLoopDelayMs: {
          readonly p50: number
          readonly p99: number
          readonly max: number
        } | null
        /** Share of the time that garbage collection took */
        readonly gcShare: number
      }[]
      readonly devices: readonly {
        readonly name: string
        /** Its shortest interval; null: it has no tags */
        readonly everyMs: number | null
        /** For each of the minutes the longest poll; null: none ended in it */
        readonly maxMs: readonly (number | null)[]
        /** The greatest share of its interval that a poll took, waiting for its line included: 1 and more is too long */
        readonly duty: readonly (number | null)[]
        readonly polls: readonly number[]
        /** Polls that were due while the one before still ran: skipped, so that they are in no other number */
        readonly overruns: readonly number[]
      }[]
      /** `cursor` of the next page; null on the last */
      readonly next: string | null
    }
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** A support bundle: a .tar.gz with state, configuration, log and metrics */
  'GET /api/v1/diagnostics/bundle': {
    params: undefined
    query: undefined
    body: undefined
    answer: string
    problems: 'BUSY' | 'STORE_FAILED' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Status codes and what they mean */
  'GET /api/v1/status-codes': {
    params: undefined
    query: undefined
    body: undefined
    answer: {
      readonly statusCodes: readonly {
        readonly code: number
        readonly name: string
        readonly hex: string
        readonly text: string
      }[]
      readonly next: null
    }
    problems: 'BUSY' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'ORIGIN_FORBIDDEN'
  }
  /** Live values over a WebSocket */
  'GET /api/v1/live': {
    params: undefined
    query: {
      /** Least time between deltas, such as 250ms */
      readonly interval?: string | undefined
    }
    body: undefined
    answer: undefined
    problems: 'BUSY' | 'INVALID_REQUEST' | 'SIGN_IN_REQUIRED' | 'SETUP_REQUIRED' | 'FORBIDDEN' | 'ORIGIN_FORBIDDEN'
  }
  /** Take over a list of tags, with a dry run */
  'POST /api/v1/config/devices/{device}/tags/import': {
    params: {
      readonly device: string
    }
    query: {
      /** Only say what it would come to: `plan` */
      readonly dryRun?: string | undefined
      /** Why, for the history and the audit */
      readonly message?: string | undefined
      /** It goes back by itself unless it is confirmed within this time, or sooner when data stops: `5m` */
      readonly confirmWithin?: number | string | undefined
      /** What to do where it does not stand in one place alone; a refusal names what can be chosen */
      readonly choice?: 'override' | 'detach' | 'shared' | undefined
      /** merge: tags and columns that the list does not have stay; replace: the list is all there is afterwards */
      readonly mode?: 'merge' | 'replace' | undefined
      /** Leave out rows that are rejected, in place of refusing all */
      readonly skipRejected?: string | undefined
    }
    body: undefined
    answer: {
      readonly dryRun: boolean
      /** Of a dry run */
      readonly plan: {
        readonly counts: {
          readonly added: number
          readonly changed: number
          readonly removed: number
        }
        /** The first thousand; secrets are `***` */
        readonly differences: readonly {
          readonly sign: '+' | '~' | '-'
          readonly kind: 'device' | 'tag' | 'sink' | 'section'
          readonly name: string
          readonly changes: readonly {
            readonly setting: string
            readonly before?: string | number | boolean | null | undefined
            readonly after?: string | number | boolean | null | undefined
          }[]
        }[]
        /** The same and the load, for people */
        readonly lines: readonly string[]
        readonly load: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        }
        readonly loadBefore: {
          readonly devices: readonly {
            readonly device: string
            readonly driver: string
            readonly enabled: boolean
            readonly tags: number
            readonly line: string
            /** At most: as often as the tags are read */
            readonly samplesPerSecond: number
            /** Absent: not known, and `unknown` says why */
            readonly requestsPerSecond?: number | undefined
            readonly unknown?: string | undefined
          }[]
          readonly lines: readonly {
            readonly line: string
            readonly devices: readonly string[]
            readonly requestsPerSecond?: number | undefined
            /** Above 1 the line cannot do it */
            readonly utilisation?: number | undefined
            readonly inFlight?: number | undefined
            readonly unknown: readonly string[]
          }[]
          readonly samplesPerSecond: number
          readonly requestsPerSecond: number
          readonly log: {
            readonly bytesPerSecond: number
            readonly bufferHours: number | null
            readonly limitedBy: 'maxSize' | 'maxAge' | null
          }
          readonly sinks: readonly {
            readonly sink: string
            readonly kind: string
            readonly enabled: boolean
            readonly tags: number
            readonly samplesPerSecond: number
            readonly places?:
              | {
                  readonly count: number
                  readonly word: string
                }
              | undefined
          }[]
          readonly assumptions: readonly string[]
        } | null
        /** What changes in the files, for `patch -p1`; null where files were given whole */
        readonly patch: string | null
      } | null
      /** What came of it; null: it was a dry run */
      readonly applied: {
        /** Its number in the history */
        readonly version: number
        readonly hash: string
        /** For people: + ~ - and ! for what needs a restart */
        readonly changes: readonly string[]
        readonly report: {
          readonly devices: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          readonly sinks: {
            readonly added: readonly string[]
            readonly changed: readonly {
              readonly name: string
              /** kept: its connection stayed */
              readonly how: 'kept' | 'restarted'
              /** What differs; no values */
              readonly what: readonly string[]
              readonly tags?:
                | {
                    readonly added: number
                    readonly changed: number
                    readonly removed: number
                  }
                | undefined
            }[]
            readonly removed: readonly string[]
            /** How many go on as they are */
            readonly untouched: number
          }
          /** Settings that hold from now on */
          readonly settings: readonly string[]
          /** Settings that hold after the next start */
          readonly needsRestart: readonly string[]
          readonly durationMs: number
        }
        /** It goes back unless it is confirmed until then */
        readonly confirmUntil: string | null
      } | null
      readonly counts: {
        readonly create: number
        readonly update: number
        readonly unchanged: number
        readonly remove: number
        readonly rejected: number
      }
      /** The first thousand that are not unchanged; those that are rejected are among them */
      readonly rows: readonly {
        readonly action: 'create' | 'update' | 'unchanged' | 'remove' | 'rejected'
        /** `line 7`, `Tags row 7`; null: the list does not have it */
        readonly place: string | null
        readonly name: string
        /** Of what is rejected */
        readonly column?: string | undefined
        readonly reason?: string | undefined
        /** Columns that change */
        readonly changes?: readonly string[] | undefined
      }[]
    }
    problems:
      | 'CONFIG_INVALID'
      | 'BUSY'
      | 'STORE_FAILED'
      | 'NOT_FOUND'
      | 'INVALID_REQUEST'
      | 'BODY_TOO_LARGE'
      | 'MEDIA_TYPE_UNSUPPORTED'
      | 'SIGN_IN_REQUIRED'
      | 'SETUP_REQUIRED'
      | 'FORBIDDEN'
      | 'CONFLICT'
      | 'KEY_IN_USE'
      | 'KEY_REUSED'
      | 'CHANGED_MEANWHILE'
      | 'IF_MATCH_REQUIRED'
      | 'CONFIG_READ_ONLY'
      | 'ORIGIN_FORBIDDEN'
  }
}
