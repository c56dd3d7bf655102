/** Bounds of the HTTP server: every request, body, connection and live client has one. */
export const LIMITS = {
  /** A request body, in bytes. */
  bodyBytes: 1024 * 1024,
  /** That of a tool, which may be given a file to compare with. */
  toolBodyBytes: 32 * 1024 * 1024,
  /** Nesting of JSON in a request. */
  jsonDepth: 32,
  /** Device and tag names in an address, characters. */
  nameLength: 1024,
  /** Time to send all headers, and the whole request: slow senders are cut off. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 72_000,
  /** Open sockets, live ones included. */
  connections: 4096,
  /** Requests a minute from one address. */
  requestsPerMinute: 6000,
  /** Exports at the same time. */
  exports: 2,
  /** Rows of a page of values. */
  pageRows: 1000,
  maxPageRows: 10_000,
  /** Open live sockets. */
  liveClients: 2000,
  /** A message from a live client, in bytes, and names in its subscription. */
  liveMessageBytes: 1024 * 1024,
  liveNames: 10_000,
  /** A live client with more than this unsent is slow: it gets no delta until it has drained. */
  liveBufferedBytes: 1024 * 1024,
  livePingMs: 30_000,
  /** How often values that were read again unchanged are shown as fresh; less often where there are many. */
  liveConfirmMs: 1000,
} as const

/** The bounds, as numbers that a test may lower. */
export type Limits = { readonly [Name in keyof typeof LIMITS]: number }
