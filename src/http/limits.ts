/** Bounds of the HTTP server: every request, body, connection and live client has one. "Of an address" is `shareOf` its far side. */
export const LIMITS = {
  /** A request body, in bytes. */
  bodyBytes: 1024 * 1024,
  /** That of a tool, which may be given a file to compare with. */
  toolBodyBytes: 32 * 1024 * 1024,
  /** Edits of the configuration, and lists of tags. */
  configBodyBytes: 32 * 1024 * 1024,
  /** What has arrived of all bodies that are not whole, in bytes; the slowest give way. */
  bodiesBytes: 96 * 1024 * 1024,
  /** What is read of all bodies in one turn, and how long a turn is: floods of bodies leave others theirs. */
  bodiesTurnBytes: 512 * 1024,
  bodiesTurnMs: 10,
  /** All headers of a request with its first line, in bytes, and how many. */
  headerBytes: 16 * 1024,
  headers: 100,
  /** Nesting of JSON in a request. */
  jsonDepth: 32,
  /** Device and tag names in an address, characters. */
  nameLength: 1024,
  /** Time to send all headers, and the whole request: slow senders are cut off. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 72_000,
  /** Open connections, live ones included; those of one address; and those whose request has not come to its end. */
  connections: 8192,
  connectionsPerAddress: 256,
  unfinished: 4096,
  /** An answer of which the far side takes nothing for so long is given up, and before that where all hold so many bytes. */
  stallMs: 30_000,
  unsentBytes: 128 * 1024 * 1024,
  stallCheckMs: 1000,
  /** Requests a minute from one address, and how many of them may come together. */
  requestsPerMinute: 6000,
  requestsAtOnce: 1500,
  /** Addresses that are remembered for that. */
  addresses: 20_000,
  /** Exports at the same time. */
  exports: 2,
  /** Rows of a page of values. */
  pageRows: 1000,
  maxPageRows: 10_000,
  /** Open live sockets, and those of one address. */
  liveClients: 6000,
  liveClientsPerAddress: 200,
  /** Messages a minute from a live client: each may ask for a new snapshot. */
  liveMessagesPerMinute: 120,
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
