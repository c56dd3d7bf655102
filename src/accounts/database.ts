/**
 * `DATA/accounts.db`: users, sessions and tokens (SQLite, write-ahead log, each change on disk before it counts, mode 0600). The command
 * line works on it while a gateway runs: each sees what the other changed. A file that is damaged, or not ours, is never touched.
 */
import { createHash } from 'node:crypto'
import { chmod, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { GatewayError, messageOf } from '../core/errors.ts'
import { makeFolders } from '../core/folder.ts'

/** `Bifr`: whose file this is. */
const APPLICATION_ID = 0x42696672
/** How long another process may hold the file: its changes take milliseconds. */
const BUSY_MS = 2000

/** The steps from an empty file to the newest form; a step that was released is never changed. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE users (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL,
     key TEXT NOT NULL UNIQUE,
     origin TEXT NOT NULL CHECK (origin IN ('local', 'oidc')),
     subject TEXT UNIQUE,
     password TEXT,
     roles TEXT NOT NULL,
     enabled INTEGER NOT NULL DEFAULT 1,
     created INTEGER NOT NULL,
     password_changed INTEGER,
     last_sign_in INTEGER
   ) STRICT;
   CREATE TABLE sessions (
     hash TEXT PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
     via TEXT NOT NULL,
     created INTEGER NOT NULL,
     used INTEGER NOT NULL,
     address TEXT NOT NULL,
     agent TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX sessions_of_user ON sessions (user, created);
   CREATE TABLE tokens (
     id TEXT PRIMARY KEY,
     hash TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL,
     owner INTEGER REFERENCES users (id) ON DELETE SET NULL,
     owner_name TEXT NOT NULL,
     owner_roles TEXT NOT NULL,
     grants TEXT NOT NULL,
     created INTEGER NOT NULL,
     expires INTEGER,
     used INTEGER,
     used_from TEXT,
     ended TEXT
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX tokens_of_owner ON tokens (owner);
   CREATE TABLE known_addresses (
     user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
     address TEXT NOT NULL,
     at INTEGER NOT NULL,
     PRIMARY KEY (user, address)
   ) STRICT, WITHOUT ROWID;`,
]

/** The file, with statements that are compiled once. */
export class AccountsDatabase {
  readonly file: string
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #seen: number

  constructor(file: string, db: DatabaseSync) {
    this.file = file
    this.#db = db
    this.#seen = this.#version()
  }

  /** True once after another process changed the file. A few microseconds. */
  changedElsewhere(): boolean {
    const version = this.#version()
    if (version === this.#seen) return false
    this.#seen = version
    return true
  }

  one<Row>(sql: string, ...values: readonly Bound[]): Row | undefined {
    return this.#tell(() => this.#prepare(sql).get(...values) as Row | undefined)
  }

  all<Row>(sql: string, ...values: readonly Bound[]): Row[] {
    return this.#tell(() => this.#prepare(sql).all(...values) as Row[])
  }

  /** How many rows changed. */
  run(sql: string, ...values: readonly Bound[]): number {
    return this.#tell(() => Number(this.#prepare(sql).run(...values).changes))
  }

  /** All of `work` or nothing, durable when it returns. */
  transaction<T>(work: () => T): T {
    return this.#tell(() => {
      this.#db.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#db.exec('COMMIT')
        return result
      } catch (error) {
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
        throw error
      }
    })
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }

  #version(): number {
    return (this.#prepare('PRAGMA data_version').get() as { data_version: number }).data_version
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, (statement = this.#db.prepare(sql)))
    return statement
  }

  #tell<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw isSqlite(error) ? failed(this.file, error) : error
    }
  }
}

type Bound = string | number | null

/** Opens the file of this data folder, made where there is none. Throws STORE_FAILED with the next step. */
export async function openDatabase(data: string): Promise<AccountsDatabase> {
  const file = join(data, 'accounts.db')
  await makeFolders(data)
  await claim(file)
  const { DatabaseSync } = await import('node:sqlite')
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true })
    bringUpToDate(db, file)
    return new AccountsDatabase(file, db)
  } catch (error) {
    db?.close()
    throw isSqlite(error) ? failed(file, error) : error
  }
}

/** Ours alone to read, and an SQLite file or empty: SQLite makes its two companions with the same mode. */
async function claim(file: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const { mode } = await handle.stat()
    if ((mode & 0o077) !== 0) await chmod(file, 0o600)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0)
    if (bytesRead > 0 && buffer.toString('latin1') !== 'SQLite format 3\0') throw foreign(file)
  } finally {
    await handle.close()
  }
}

function bringUpToDate(db: DatabaseSync, file: string): void {
  const pragma = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
  const tables = db.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number }
  const id = pragma('application_id')
  if (id !== APPLICATION_ID && (id !== 0 || tables.n > 0)) throw foreign(file)
  const version = pragma('user_version') as number
  if (version > MIGRATIONS.length)
    throw new GatewayError(
      'STORE_FAILED',
      `${file} was made by a newer Bifrost (form ${version}; this one knows ${MIGRATIONS.length}). Nothing was changed; start the newer one.`,
    )
  const verdict = pragma('quick_check(1)')
  if (verdict !== 'ok') throw new Error(`database disk image is malformed: ${String(verdict)}`)
  db.exec('PRAGMA journal_mode = WAL')
  db.exec('PRAGMA synchronous = FULL')
  db.exec('PRAGMA trusted_schema = OFF')
  if (version < MIGRATIONS.length) migrate(db)
}

/** Two processes may start at once: who comes second finds it done. */
function migrate(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    const { user_version: from } = db.prepare('PRAGMA user_version').get() as { user_version: number }
    for (const step of MIGRATIONS.slice(from)) db.exec(step)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

const isSqlite = (error: unknown): error is Error =>
  error instanceof Error && (('code' in error && error.code === 'ERR_SQLITE_ERROR') || /malformed/.test(error.message))

const foreign = (file: string): GatewayError =>
  new GatewayError(
    'STORE_FAILED',
    `${file} is not a file of accounts. Nothing was changed; restore it from a backup, or move it away to set up accounts anew.`,
  )

function failed(file: string, cause: Error): GatewayError {
  const words = messageOf(cause)
  if (/malformed|not a database|corrupt/i.test(words))
    return new GatewayError(
      'STORE_FAILED',
      `${file} is damaged (${words}). Nothing was changed; restore it and its -wal file from a backup, or move both away to set up accounts anew.`,
      { cause },
    )
  return new GatewayError('STORE_FAILED', `${file} cannot be used: ${words}`, { cause })
}

/** How secrets are kept: 256 random bits need no slow hash. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')
