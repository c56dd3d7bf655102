/** Builds the page into ui/dist: paths from the root, so that deep links find them; no external host, the trend in a chunk of its own. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  // The gateway puts a nonce of each answer in its place (src/http/page.ts).
  html: { cspNonce: 'BIFROST_NONCE' },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0 },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true }, '/livez': 'http://127.0.0.1:8080' } },
})
