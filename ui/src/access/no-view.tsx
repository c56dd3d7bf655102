/** Signed in, and nothing to see: who they are, whom to ask, and the way out. */
import { Button } from '@mantine/core'
import { accessStrings } from '../strings/access.ts'
import type { User } from './calls.ts'
import { Frame } from './form-parts.tsx'
import { leave } from './leave.ts'

export default function NoView({ user }: { user: User }) {
  return (
    <Frame title={accessStrings.noView}>
      <p>{accessStrings.noViewWhy(user.name)}</p>
      <Button fullWidth mt="md" variant="default" onClick={() => void leave()}>
        {accessStrings.signOut}
      </Button>
    </Frame>
  )
}
