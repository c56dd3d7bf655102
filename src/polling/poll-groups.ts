/** The groups of one device, each in the schedule at its interval. */
import type { PlannedGroup, PointsPlan } from './points-plan.ts'
import { PollGroup, type GroupOwner } from './poll-group.ts'
import type { Schedule } from './schedule.ts'

export class PollGroups {
  readonly #owner: GroupOwner & { readonly name: string }
  readonly #schedule: Schedule
  readonly #onDue: (group: PollGroup, dueAt: number, missed: number) => void
  readonly #unschedule = new Map<PollGroup, () => void>()
  all: readonly PollGroup[] = []

  constructor(
    owner: GroupOwner & { readonly name: string },
    schedule: Schedule,
    onDue: (group: PollGroup, dueAt: number, missed: number) => void,
  ) {
    this.#owner = owner
    this.#schedule = schedule
    this.#onDue = onDue
  }

  /** Those of the plan from now on; returns the ones that are new. A group that goes on does so at its place in the schedule. */
  adopt({ groups }: PointsPlan): readonly PollGroup[] {
    const before = this.all
    this.all = groups.map((group) => {
      const known = group.poll === undefined ? before.find(({ everyMs }) => everyMs === group.everyMs) : undefined
      return known ?? this.#create(group)
    })
    for (const group of before) if (!this.all.includes(group)) this.#retire(group)
    return this.all.filter((group) => !before.includes(group))
  }

  /** What is under way is given up. */
  cancel(): void {
    for (const group of this.all) group.cancel()
  }

  /** Nothing is due any more. */
  stop(): void {
    for (const leave of this.#unschedule.values()) leave()
    this.#unschedule.clear()
  }

  #create({ everyMs, points, poll }: PlannedGroup): PollGroup {
    const group = new PollGroup(this.#owner, everyMs, points)
    group.prepare(poll!)
    const name = `${this.#owner.name} ${everyMs}`
    this.#unschedule.set(
      group,
      this.#schedule.add(name, everyMs, (dueAt, missed) => {
        group.endInterval(missed)
        this.#onDue(group, dueAt, missed)
      }),
    )
    return group
  }

  #retire(group: PollGroup): void {
    this.#unschedule.get(group)?.()
    this.#unschedule.delete(group)
    group.cancel()
  }
}
