/** Starts the page: theme, queries, who looks at it, the live store. The token of the set-up leaves the address before all else. */
import '@mantine/core/styles/baseline.css'
import '@mantine/core/styles/default-css-variables.css'
import '@mantine/core/styles/global.css'
import '@mantine/core/styles/VisuallyHidden.css'
import '@mantine/core/styles/UnstyledButton.css'
import '@mantine/core/styles/CloseButton.css'
import '@mantine/core/styles/Overlay.css'
import '@mantine/core/styles/Paper.css'
import '@mantine/core/styles/Loader.css'
import '@mantine/core/styles/Input.css'
import '@mantine/core/styles/ModalBase.css'
import '@mantine/core/styles/Modal.css'
import '@mantine/core/styles/Button.css'
import '@mantine/core/styles/FloatingIndicator.css'
import '@mantine/core/styles/InlineInput.css'
import '@mantine/core/styles/SegmentedControl.css'
import '@mantine/core/styles/Switch.css'
import '@mantine/core/styles/Tooltip.css'
import './theme.css'
import './page.css'
import './shell/shell.css'
import './access/access.css'
import { MantineProvider } from '@mantine/core'
import { onlineManager, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { restoreView, takeSetupToken } from './access/address.ts'
import { AccessContext } from './access/context.ts'
import { Gate } from './access/gate.tsx'
import { AccessStore } from './access/store.ts'
import { ProblemError } from './api/client.ts'
import { LiveContext } from './live/context.ts'
import { LiveStore } from './live/store.ts'
import { nonce } from './nonce.ts'
import { theme } from './theme.ts'

const setupToken = takeSetupToken()
// Whether there is something to ask is known from the gateway, which may be on this machine: not from the browser's view of the network.
onlineManager.setEventListener(() => undefined)
restoreView()
const store = new LiveStore()
const access = new AccessStore()
const queries = new QueryClient({
  defaultOptions: {
    // What was refused is refused again: it is shown at once.
    queries: { retry: (tries, error) => tries < 1 && !isRefused(error), refetchOnWindowFocus: false },
    // A write is sent now or fails now: never later, by itself, when the network is back.
    mutations: { networkMode: 'always' },
  },
})

const isRefused = (error: Error): boolean => error instanceof ProblemError && error.httpStatus < 500

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={queries}>
        <LiveContext value={store}>
          <AccessContext value={access}>
            <Gate setupToken={setupToken} />
          </AccessContext>
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
