// A card is made out, received, asked for and blocked, over TLS: node cards.mjs ADDRESS OPERATORS.json REQUEST KEY OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'

const [base, operators, request, key, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const faults = []
const officer = 'centre.director'
const trust = { ignoreHTTPSErrors: true }

function must (right, what) {
  if (!right) throw new Error(what)
}

const path = desk => new URL(desk.page.url()).pathname

const browser = await Desk.browser()

async function as (name, work, language = 'it', more = trust) {
  const desk = await Desk.open(browser, base, out, language, true, more)
  if (name) await desk.signIn(name, known[name])
  const result = await work(desk)
  faults.push(...desk.faults)
  await desk.context.close()
  return result
}

// DER in base64 becomes PEM.
const der = readFileSync(request).toString('base64').match(/.{1,64}/g).join('\n')
const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`

const certificate = await as('centre.auditor', async desk => {
  await desk.go('/oversight/cards')
  await desk.look('cards-none')
  await desk.page.fill('#officer', officer)
  await desk.page.fill('#request', 'no request')
  await desk.press('form[action="/oversight/cards"] button')
  must(await desk.page.locator('#faults').count() === 1, 'what is no request is taken')
  await desk.page.fill('#request', pem)
  await desk.press('form[action="/oversight/cards"] button')
  await desk.press('form:has(input[value=ship]) button')
  await desk.look('cards-sent')
  return await desk.page.locator('details pre').first().textContent()
})
must(certificate.startsWith('-----BEGIN CERTIFICATE-----'), 'there is no certificate')

await as(officer, async desk => {
  await desk.go('/account')
  await desk.look('card-own')
  await desk.press('form:has(input[value=receive]) button')
  must(path(desk) === '/sign-in', `somebody without the card is still signed in: ${desk.page.url()}`)
})

for (const language of ['it', 'en']) {
  await as(null, async desk => {
    await desk.page.goto(`${base}/sign-in`)
    await desk.page.fill('#officer', officer)
    await desk.page.fill('#password', known[officer])
    await desk.press('form[action="/sign-in"] button')
    must(path(desk) === '/sign-in', 'the password alone signs in')
    must((await desk.page.textContent('main')).match(/carta|card/), 'nobody said that the card is missing')
    await desk.look(`card-missing-${language}`)
  }, language)
}

const card = { ...trust, clientCertificates: [{ origin: base, cert: Buffer.from(certificate), key: readFileSync(key) }] }
const desk = await Desk.open(browser, base, out, 'en', true, card)
await desk.signIn(officer, known[officer])
must(await desk.go('/desk/centre/dossier') === 200 && path(desk) === '/desk/centre/dossier', 'the card opens nothing')
await desk.go('/account')
await desk.look('card-active')

// The cookie alone, at a browser without the card, is worth nothing.
const cookies = await desk.context.cookies()
await as(null, async other => {
  await other.context.addCookies(cookies)
  await other.go('/account')
  must(path(other) === '/sign-in', 'the cookie works without the card')
})
await desk.go('/account')
must(path(desk) === '/account', 'the card does not work any more')

await as('centre.auditor', async other => {
  await other.go('/oversight/cards')
  await other.page.locator('select[name=why]').first().selectOption('lost')
  await other.press('form:has(input[value=block]) button')
  must((await other.page.textContent('main')).includes('smarrita'), 'the card is not blocked')
  await other.look('cards-blocked')
})

await desk.go('/account')
must(path(desk) === '/sign-in', 'a blocked card still opens pages')
faults.push(...desk.faults)
await desk.context.close()
await browser.close()
finish(join(out, 'journey.json'), faults, 'a card was made out, received, used and blocked')
