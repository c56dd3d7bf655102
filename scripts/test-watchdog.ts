/**
 * Loaded into the process of each test file by `scripts/test.ts`: a file that does not end in time (a test left something open, so
 * that the runner would wait for it without end) says what is open, and fails.
 */
const LIMIT_MS = Number(process.env.BIFROST_TEST_FILE_TIMEOUT_MS ?? 900_000)

setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ')
  console.error(`not ended within ${LIMIT_MS} ms: ${process.argv[1]}; still open: ${open}`)
  process.exit(1)
}, LIMIT_MS).unref()
