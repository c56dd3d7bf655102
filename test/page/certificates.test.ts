/**
 * The certificates screen: one gateway reads another over OPC UA; both refuse each other until somebody compares the thumbprint and lets
 * them in, on the page. Our own certificate is renewed in steps; what the configuration names for TLS is listed with its end.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { createAuthority, createCertificate } from '../../src/testing/certificates.ts'
import { startGatewayProcess } from '../../src/testing/gateway-process.ts'
import { eventually, freePort, temporaryFolder } from '../../src/testing/peers.ts'
import { assertAccessible, assertFits, openStage, skip, useBrowser } from '../../ui/testing/stage.ts'

useBrowser()

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name })

test(
  'two gateways over OPC UA: each waits at the other with the reason, and one click lets it in',
  { skip },
  async (t) => {
    const port = await freePort()
    const server = await startGatewayProcess(t, {
      yaml: `devices:
  - { name: press-1, driver: simulated, every: 200ms, tags: [{ name: level, address: 'sine:period=5s,min=1,max=10', type: float64 }] }
sinks:
  - { name: scada, sink: opcua-server, options: { port: ${port}, host: 127.0.0.1, anonymous: true } }
`,
    })
    const { page, gateway } = await openStage(t, {
      yaml: `devices:
  - name: far
    driver: opcua
    options: { endpoint: 'opc.tcp://127.0.0.1:${port}', ignoreHostname: true }
    tags: [{ name: level, address: 'nsu=urn:bifrost-gateway:bifrost;s=press-1/level', type: float64 }]
`,
      path: '/certificates',
    })
    const trust = button(page, /^Trust Bifrost/)
    await trust.waitFor({ timeout: 60_000 })
    await page.getByText(/Refused because: nobody has trusted/).waitFor()
    await page.getByText(`opc.tcp://127.0.0.1:${port} to far`).waitFor()
    await assertAccessible(page, 'inbox')
    await trust.click()
    const dialog = page.getByRole('dialog')
    // What is to be compared is what the other gateway says of itself.
    const [own] = (await server.get<{ certificates: { thumbprint: string; applicationUri: string }[] }>('certificates?state=own')).certificates // prettier-ignore
    assert.equal((await dialog.getByTestId('thumbprint').innerText()).replaceAll(' ', ''), own!.thumbprint)
    assert.match(await dialog.innerText(), new RegExp(`${own!.applicationUri}[^]*Names[^]*Valid`))
    await dialog.getByLabel(/Reason/).fill('compared at the press')
    await assertAccessible(page, 'trust')
    await dialog.getByRole('button', { name: /^Trust Bifrost/ }).click()
    await page.getByTestId('no-rejected').waitFor()
    await page.getByRole('table', { name: 'Trusted certificates' }).getByText('far').waitFor()

    // The other half: the server has not heard of us yet.
    await page.goto(`${server.url}/certificates`)
    await trust.waitFor({ timeout: 60_000 })
    await trust.click()
    await dialog.getByRole('button', { name: /^Trust Bifrost/ }).click()
    await page.getByTestId('no-rejected').waitFor()
    await eventually(
      'the values come',
      async () => (await gateway.values()).some(({ status }) => status.code === 0),
      60_000,
    )

    // Trust is taken back, too, and then it waits again.
    await page.goto(`${gateway.url}/certificates`)
    await button(page, /^Take back the trust/).click()
    await dialog.getByRole('button', { name: /^Take back the trust/ }).click()
    await page.getByText(/Refused because: .*took back the trust/).waitFor()
  },
)

test('our own certificate: made, renewed, taken in use, gone back; a request for an authority', { skip }, async (t) => {
  const { page, complaints } = await openStage(t, { path: '/certificates?tab=own', role: 'engineer' })
  await button(page, 'Make our certificate').click()
  const first = await page.getByTestId('thumbprint').innerText()
  await button(page, 'Renew …').click()
  await page.getByRole('dialog').getByLabel('With a new key').check({ force: true })
  await button(page, 'Make the new certificate').click()
  await page.getByRole('heading', { name: 'New, waits to be taken in use' }).waitFor()
  await assertAccessible(page, 'own')
  await button(page, 'Take the new one in use').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Take the new one in use' }).click()
  await page.getByRole('heading', { name: 'In use before' }).waitFor()
  assert.notEqual(await page.getByTestId('thumbprint').first().innerText(), first)
  await button(page, 'Go back to the one before').click()
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to the one before' }).click()
  await eventually('the first again', async () => (await page.getByTestId('thumbprint').first().innerText()) === first)
  await button(page, 'Signing request …').click()
  await button(page, 'Make the signing request').click()
  await page.getByTestId('request').getByText('-----BEGIN CERTIFICATE REQUEST-----').waitFor()
  await page.keyboard.press('Escape')
  // A file that is none is refused where it was chosen.
  await button(page, 'Import …').click()
  await page
    .getByLabel('File')
    .setInputFiles({ name: 'a.pem', mimeType: 'text/plain', buffer: Buffer.from('nonsense!') })
  await button(page, 'Import this certificate').click()
  await page.getByRole('dialog').getByRole('alert').getByText('Nothing was taken.').waitFor()
  assert.deepEqual(
    complaints.filter((text) => !/400|422/.test(text)),
    [],
  )
})

test('certificates of TLS: what ends soon stands out, on a phone too', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const authority = createAuthority(folder, 'ca')
  const { cert, key } = createCertificate(folder, 'page', authority, '127.0.0.1')
  const { page } = await openStage(t, {
    path: '/certificates?tab=tls',
    folder,
    phone: true,
    http: `, tls: { certFile: ${cert}, keyFile: ${key} }`,
  })
  await page.getByText('this page and the API').waitFor()
  await page.getByText(/expires in \d+ (h|d)/).waitFor()
  await assertFits(page, 'tls')
  await assertAccessible(page, 'tls')
})
