/**
 * What the gateway learned about a device while it polled it: how much a request may ask for, what breaks a block, which registers
 * are left out. Nothing is asked for it. A device that is opened for one command only has learned nothing.
 */
import { z } from 'zod'
import { defineTool } from '../../../core/driver.ts'
import type { ProfileView } from '../profile-words.ts'

const NOTHING = 'Nothing was learned about this device: it is read as configured.'

/** `profile`: shows what was learned. */
export const profileTool = defineTool({
  name: 'profile',
  summary: 'what the gateway learned about the device: its limits, gaps, and the registers left out',
  examples: [['bifrost modbus profile press-1', 'of a device of the running gateway']],
  input: z.strictObject({}),
  positions: [],
  offline: true,
  run: async (_input, driver) => ({ profile: (driver.profile?.() ?? null) as ProfileView | null }),
  toLines: ({ profile }: { readonly profile: ProfileView | null }) => profile?.summary ?? [NOTHING],
})

/** `forget`: begins anew. */
export const forgetTool = defineTool({
  name: 'forget',
  summary: 'forgets what was learned about the device; the next polls find out anew',
  examples: [['bifrost modbus forget press-1', 'after the device was replaced or its firmware changed']],
  input: z.strictObject({}),
  positions: [],
  offline: true,
  manages: true,
  async run(_input, driver) {
    const profile = driver.profile?.() as ProfileView | undefined
    driver.forget?.()
    return { forgotten: profile?.summary ?? [] }
  },
  toLines: ({ forgotten }: { readonly forgotten: readonly string[] }) =>
    forgotten.length === 0 ? [NOTHING] : forgotten.map((fact) => `Forgotten: ${fact}`),
})
