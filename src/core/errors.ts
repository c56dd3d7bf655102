/**
 * The one catalogue of errors. Expected outcomes of a point are data (a status); everything else is a thrown GatewayError
 * with a code from here. Documentation and problem+json derive from this table. Log or throw, never both.
 */
export interface ErrorInfo {
  /** True when the same call may succeed later without a change by a person. */
  readonly retry: boolean
  /** HTTP status with which the API reports it. */
  readonly http: number
  readonly title: string
  /** The next step, for the person who reads it. */
  readonly help: string
}

export const ERRORS = {
  CONFIG_INVALID: {
    retry: false,
    http: 422,
    title: 'The configuration is not valid',
    help: 'Correct the named file at the named line; `bifrost check -c FILE` shows all problems at once.',
  },
  USAGE: { retry: false, http: 400, title: 'The command was not understood', help: 'See `bifrost COMMAND --help`.' },
  NOT_CONNECTED: {
    retry: true,
    http: 503,
    title: 'Not connected',
    help: 'Check power, cable, address and port of the far side; the gateway goes on trying by itself.',
  },
  TIMEOUT: {
    retry: true,
    http: 504,
    title: 'No answer in time',
    help: 'Check the unit id and raise `timeout` if the device is slow.',
  },
  PROTOCOL_VIOLATION: {
    retry: true,
    http: 502,
    title: 'The far side broke the protocol',
    help: 'Check that host and port belong to a device of this protocol.',
  },
  DEVICE_REFUSED: {
    retry: false,
    http: 502,
    title: 'The device refused the request',
    help: 'Check address, function and unit id against the device manual.',
  },
  ACCESS_REFUSED: {
    retry: true,
    http: 502,
    title: 'The far side refused us, or is not trusted',
    help: 'The gateway goes on trying by itself.',
  },
  BUSY: { retry: true, http: 429, title: 'Too much at once', help: 'Try again after the time given.' },
  SINK_REJECTED: {
    retry: false,
    http: 502,
    title: 'The far side refused these samples for good',
    help: 'See the dead letters of the sink and its reason.',
  },
  SINK_PARTIAL: {
    retry: false,
    http: 502,
    title: 'The far side refused a part of the batch',
    help: 'See the dead letters of the sink.',
  },
  SINK_REFUSED: {
    retry: true,
    http: 502,
    title: 'The far side refused our credentials or configuration',
    help: 'Correct user, password, certificate or topic permissions of the sink; nothing is dropped meanwhile.',
  },
  PORT_IN_USE: {
    retry: true,
    http: 500,
    title: 'The port is in use',
    help: 'Stop the program that holds it, or choose another port.',
  },
  STORE_LOCKED: {
    retry: false,
    http: 500,
    title: 'Another gateway uses this data folder',
    help: 'Stop it, or give this one a data folder of its own.',
  },
  STORE_FAILED: {
    retry: true,
    http: 503,
    title: 'The log cannot be written',
    help: 'Check free space, permissions and health of the disk that holds the data folder.',
  },
  BACKUP_FAILED: {
    retry: true,
    http: 502,
    title: 'The backup could not be made, copied or read',
    help: 'Check the repository, its password file and the network to it; `bifrost backup list` tries each.',
  },
  BACKUP_REFUSED: {
    retry: false,
    http: 422,
    title: 'The backup is damaged, or not one that this version can restore',
    help: 'Take another one: `bifrost backup list` shows them, and --repository names another region.',
  },
  NOT_FOUND: {
    retry: false,
    http: 404,
    title: 'Not found',
    help: 'See the list that the API gives for the names that exist.',
  },
  INVALID_REQUEST: {
    retry: false,
    http: 400,
    title: 'The request is not valid',
    help: 'See `errors` for the fields, and /api/docs for the form.',
  },
  METHOD_NOT_ALLOWED: {
    retry: false,
    http: 405,
    title: 'This method is not allowed here',
    help: 'See the `Allow` header, and /api/docs for the methods of each address.',
  },
  BODY_TOO_LARGE: { retry: false, http: 413, title: 'The request body is too large', help: 'Send less at once.' },
  MEDIA_TYPE_UNSUPPORTED: {
    retry: false,
    http: 415,
    title: 'This content type is not understood',
    help: 'Send JSON, with `Content-Type: application/json`.',
  },
  INVALID_VALUE: {
    retry: false,
    http: 422,
    title: 'The value cannot be written',
    help: "Give a value of the tag's type within its range.",
  },
  WRITE_FORBIDDEN: {
    retry: false,
    http: 403,
    title: 'Writing is not allowed',
    help: 'Mark the tag `writable: true` in the configuration if it may be written.',
  },
  SCAN_FORBIDDEN: {
    retry: false,
    http: 403,
    title: 'Scanning this network is not allowed',
    help: 'Name the network under `discovery.networks` of the configuration if it is yours to scan.',
  },
  WRITE_FAILED: {
    retry: true,
    http: 502,
    title: 'The write did not reach the value',
    help: 'See the status; the device refused, did not answer, or reads back something else.',
  },
  WRITE_UNKNOWN: {
    retry: false,
    http: 504,
    title: 'It is not known whether the write was carried out',
    help: 'Look at the device or read the value before you write again; the gateway never repeats a write by itself.',
  },
  WRITE_SUPERSEDED: {
    retry: false,
    http: 409,
    title: 'A newer write took its place',
    help: 'Nothing was sent for this one. Without `coalesceWrites` every write is sent.',
  },
  WRITE_EXPIRED: {
    retry: false,
    http: 410,
    title: 'The write came too late',
    help: 'Nothing was sent. Send it again, with more time; compare the clocks of sender and gateway.',
  },
  SIGN_IN_REQUIRED: {
    retry: false,
    http: 401,
    title: 'Nobody is signed in',
    help: 'Sign in, or send a token: `Authorization: Bearer …`; `bifrost token create` makes one.',
  },
  SETUP_REQUIRED: {
    retry: false,
    http: 403,
    title: 'This gateway has no administrator yet',
    help: 'Open the one-time link that the gateway printed on its console, or run `bifrost user add` on its host.',
  },
  SIGN_IN_FAILED: {
    retry: false,
    http: 401,
    title: 'The sign-in failed',
    help: 'Check name and password; `bifrost user reset NAME` on the host of the gateway sets a new one.',
  },
  FORBIDDEN: {
    retry: false,
    http: 403,
    title: 'You are not allowed to do this',
    help: 'Ask an administrator for a role that has the named permission.',
  },
  CONFLICT: {
    retry: false,
    http: 409,
    title: 'This does not fit what is there',
    help: 'Look at what is there now, then decide again.',
  },
  KEY_IN_USE: {
    retry: true,
    http: 409,
    title: 'The same request is still being carried out',
    help: 'Wait, and send it again with the same `Idempotency-Key`: the answer is that of the first one.',
  },
  KEY_REUSED: {
    retry: false,
    http: 422,
    title: 'This key belongs to another request',
    help: 'Give every new request an `Idempotency-Key` of its own, such as a UUID.',
  },
  CHANGED_MEANWHILE: {
    retry: false,
    http: 412,
    title: 'Somebody else changed it meanwhile',
    help: 'Read it again, look at the difference, and repeat your change on top of it.',
  },
  IF_MATCH_REQUIRED: {
    retry: false,
    http: 428,
    title: 'Which version was seen?',
    help: 'Read the object, and send its ETag as If-Match: then nobody else’s change is lost.',
  },
  CONFIG_READ_ONLY: {
    retry: false,
    http: 409,
    title: 'The configuration cannot be changed from here',
    help: 'Change the file where it is kept; the patch of this answer, where there is one, does it.',
  },
  WRITE_LOCKED: {
    retry: false,
    http: 423,
    title: 'All writes are locked',
    help: 'See who locked them and why; whoever has the permission `lock` can unlock.',
  },
  WRITE_INTERLOCKED: {
    retry: false,
    http: 409,
    title: 'An interlock forbids this write now',
    help: 'Bring the named values into the state that the interlock asks for.',
  },
  APPROVAL_REQUIRED: {
    retry: false,
    http: 202,
    title: 'A second person must approve this write',
    help: 'Somebody else with the permission `approve` approves it, before it expires.',
  },
  ORIGIN_FORBIDDEN: {
    retry: false,
    http: 403,
    title: 'This origin or host name is not allowed',
    help: 'Open the page by one of the names in `http.hosts`, or add yours there.',
  },
  RELEASE_REFUSED: {
    retry: false,
    http: 409,
    title: 'The release was refused',
    help: 'Nothing was changed. See what is wrong with it; `bifrost update verify FOLDER` looks without installing.',
  },
  UPDATE_FAILED: {
    retry: false,
    http: 500,
    title: 'The update did not go through',
    help: 'See `bifrost update status` for the version that runs now and why the other one does not.',
  },
  SHUTTING_DOWN: { retry: true, http: 503, title: 'The gateway is shutting down', help: 'Try again when it runs.' },
  INTERNAL: {
    retry: false,
    http: 500,
    title: 'Internal error',
    help: 'This is a defect of the gateway; please report it with the log line.',
  },
} as const satisfies Record<string, ErrorInfo>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorOptionsWithDetails extends ErrorOptions {
  details?: Record<string, unknown>
}

/** An error with a code from the catalogue, a sentence for people that names the thing, and details for machines. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, message: string, options: ErrorOptionsWithDetails = {}) {
    super(message, options)
    this.name = 'GatewayError'
    this.code = code
    this.details = options.details ?? {}
  }

  get info(): ErrorInfo {
    return ERRORS[this.code]
  }
}

/** The connection is lost or cannot be made: the only thing a driver's call throws on purpose. */
export class NotConnectedError extends GatewayError {
  constructor(message: string, options: ErrorOptionsWithDetails = {}) {
    super('NOT_CONNECTED', message, options)
    this.name = 'NotConnectedError'
  }
}

/** The far side asks for patience. */
export class BusyError extends GatewayError {
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs: number, options: ErrorOptionsWithDetails = {}) {
    super('BUSY', message, options)
    this.name = 'BusyError'
    this.retryAfterMs = retryAfterMs
  }
}

/** The far side took the batch but for these rows. */
export class PartialWriteError extends GatewayError {
  /** Row indexes of the batch that were refused, each with the reason. */
  readonly rejected: ReadonlyMap<number, string>
  /** Other rows that were left out on purpose: reason to count. */
  readonly leftOut: Readonly<Record<string, number>>

  constructor(
    message: string,
    rejected: ReadonlyMap<number, string>,
    options: ErrorOptionsWithDetails & { leftOut?: Readonly<Record<string, number>> } = {},
  ) {
    super('SINK_PARTIAL', message, options)
    this.name = 'PartialWriteError'
    this.rejected = rejected
    this.leftOut = options.leftOut ?? {}
  }
}

export const isAbort = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AbortError' || ('code' in error && error.code === 'ABORT_ERR'))

/** The sentence of any thrown thing. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
