/**
 * Rows to a far side that takes many at once and does not always say which of them it refuses. What is refused as a whole is sent
 * again in halves, in order, until each refused row stands alone; rows that the far side names are left out of the second
 * attempt. What it finds too large makes all further writes smaller.
 */

/** What the far side said of some rows. Anything else (no connection, wrong password) is thrown and ends the write. */
export interface Reply {
  /** Everything but `rejected` is stored. False: nothing counts as stored. */
  readonly taken: boolean
  /** Row to the reason, where the far side says which. */
  readonly rejected?: ReadonlyMap<number, string>
  /** Why the rows were refused; with `taken: false`. */
  readonly reason?: string
  /** Too much at once. */
  readonly tooLarge?: boolean
}

export type Post = (rows: readonly number[]) => Promise<Reply>

export class Halving {
  #limit = Infinity

  /** For people: the most rows at once that the far side takes, where that is known. */
  get facts(): Readonly<Record<string, number>> {
    return this.#limit === Infinity ? {} : { 'samples at once': this.#limit }
  }

  /** Forgets what was learned: after a new connection the limit may be another. */
  reset(): void {
    this.#limit = Infinity
  }

  /** Resolves when every row is stored, or is in `rejected` with the reason. */
  async write(rows: readonly number[], post: Post, rejected: Map<number, string>): Promise<void> {
    let at = 0
    while (at < rows.length) {
      const end = Math.min(rows.length, at + this.#limit)
      await this.#part(at === 0 && end === rows.length ? rows : rows.slice(at, end), post, rejected)
      at = end
    }
  }

  async #part(rows: readonly number[], post: Post, rejected: Map<number, string>): Promise<void> {
    const reply = await post(rows)
    for (const [row, reason] of reply.rejected ?? []) rejected.set(row, reason)
    if (reply.taken) return
    const rest = rows.filter((row) => !rejected.has(row))
    if (rest.length === rows.length) return this.#halves(rows, reply, post, rejected)
    if (rest.length > 0) await this.#part(rest, post, rejected)
  }

  async #halves(rows: readonly number[], reply: Reply, post: Post, rejected: Map<number, string>): Promise<void> {
    if (rows.length === 1) {
      rejected.set(rows[0]!, reply.reason ?? 'refused without a reason')
      return
    }
    const middle = rows.length >> 1
    if (reply.tooLarge === true) this.#limit = Math.min(this.#limit, middle)
    await this.#part(rows.slice(0, middle), post, rejected)
    await this.#part(rows.slice(middle), post, rejected)
  }
}
