// A passkey is added, asked for, refused when it is another's, and removed: node passkey.mjs ADDRESS OPERATORS.json OUT
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { authenticator } from './authenticator.mjs'
import { Desk, finish } from './browser.mjs'

const [base, operators, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const officer = 'centre.auditor'
const password = known[officer]
const faults = []

function must (right, what) {
  if (!right) throw new Error(what)
}

// Signs in as far as the password goes.
async function half (desk) {
  await desk.page.goto(`${base}/sign-in`)
  await desk.page.fill('#officer', officer)
  await desk.page.fill('#password', password)
  await desk.press('form[action="/sign-in"] button')
}

const path = desk => new URL(desk.page.url()).pathname

const browser = await Desk.browser()
try {
  for (const language of ['it', 'en']) {
    const desk = await Desk.open(browser, base, out, language)
    const key = await authenticator(desk)
    await desk.signIn(officer, password)
    await desk.go('/account/passkeys/new')
    await desk.look(`passkey-new-${language}`)
    await desk.page.fill('#name', 'Specimen <key>')
    await desk.page.fill('#password', password)
    await desk.press('form[data-passkey] button')
    must(path(desk) === '/account' && (await desk.page.textContent('main')).includes('Specimen <key>'), 'the passkey was not added')
    await desk.look(`passkey-account-${language}`)
    await desk.press('form[action="/sign-out"] button')

    // The password alone opens nothing.
    await half(desk)
    must(await desk.page.locator('form[data-passkey=get]').count() === 1, 'the passkey is not asked for')
    await desk.look(`passkey-asked-${language}`)
    await desk.page.goto(`${base}/account`)
    must(path(desk) === '/sign-in', 'the password alone signs in')
    await half(desk)
    await desk.press('form[data-passkey=get] button')
    must(path(desk) === '/', `the passkey did not sign in: ${desk.page.url()}`)
    await desk.press('form[action="/sign-out"] button')

    // Another's key gives no answer, and a ticket is good for one answer only.
    await half(desk)
    const ticket = await desk.page.inputValue('input[name=ticket]')
    const { credentials } = await key.devtools.send('WebAuthn.getCredentials', { authenticatorId: key.id })
    await key.devtools.send('WebAuthn.clearCredentials', { authenticatorId: key.id })
    await desk.page.click('form[data-passkey=get] button')
    await desk.page.waitForSelector('#passkey-fault:not([hidden])')
    await desk.look(`passkey-none-${language}`)
    const wrong = { ticket, next: '', id: 'AAAA', client_data: 'e30', authenticator_data: 'AAAA', signature: 'AAAA' }
    const answers = []
    for (let time = 0; time < 2; time++) {
      const answer = await desk.page.request.post(`${base}/sign-in/passkey`, { form: wrong, maxRedirects: 0, headers: { origin: base } })
      answers.push(answer.status())
    }
    must(answers[0] === 403 && answers[1] === 401, `a wrong answer was answered with ${answers}`)
    for (const credential of credentials) await key.devtools.send('WebAuthn.addCredential', { authenticatorId: key.id, credential })

    // Removed against the password alone.
    await half(desk)
    await desk.press('form[data-passkey=get] button')
    await desk.go('/account')
    await desk.page.fill('#remove-1', 'something else')
    await desk.press('form[action="/account/passkeys/remove"] button')
    must(await desk.page.locator('#faults').count() === 1, 'a wrong password removed a passkey')
    await desk.page.fill('#remove-1', password)
    await desk.press('form[action="/account/passkeys/remove"] button')
    must(await desk.page.locator('form[action="/account/passkeys/remove"]').count() === 0, 'the passkey was not removed')
    await desk.press('form[action="/sign-out"] button')
    await desk.signIn(officer, password)
    faults.push(...desk.faults)
    await desk.context.close()
  }
} finally {
  await browser.close()
}
finish(join(out, 'journey.json'), faults, 'a passkey added, asked for and removed in two languages')
