/** How many there are of each share, such as connections of an address. */
export class Crowd {
  readonly #counts = new Map<string, number>()

  of(share: string): number {
    return this.#counts.get(share) ?? 0
  }

  enter(share: string): void {
    this.#counts.set(share, this.of(share) + 1)
  }

  leave(share: string): void {
    const left = this.of(share) - 1
    if (left > 0) this.#counts.set(share, left)
    else this.#counts.delete(share)
  }
}
