/** Mantine in the greys of ISA-101: the primary colour is a grey, so that colour is left for what is abnormal. */
import { createTheme, Modal } from '@mantine/core'
import { partStrings } from './strings/parts.ts'

const SYSTEM_FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'

export const theme = createTheme({
  fontFamily: SYSTEM_FONTS,
  headings: { fontFamily: SYSTEM_FONTS },
  primaryColor: 'dark',
  primaryShade: { light: 6, dark: 3 },
  defaultRadius: 4,
  cursorType: 'pointer',
  autoContrast: true,
  focusRing: 'auto',
  respectReducedMotion: true,
  components: { Modal: Modal.extend({ defaultProps: { closeButtonProps: { 'aria-label': partStrings.close } } }) },
})
