// The first administrator, who adds a passkey before anything else: node first-start.mjs ADDRESS TOKEN OUT
import { join } from 'node:path'
import { authenticator } from './authenticator.mjs'
import { Desk, finish } from './browser.mjs'

const [base, token, out] = process.argv.slice(2)
const password = 'a password of the first start'

function must (right, what) {
  if (!right) throw new Error(what)
}

const path = desk => new URL(desk.page.url()).pathname

async function make (desk, role, officer, again = password, code = token) {
  await desk.page.fill('#token', code)
  await desk.page.selectOption('#role', role)
  await desk.page.fill('#officer', officer)
  await desk.page.fill('#password', password)
  await desk.page.fill('#again', again)
  await desk.press('form[action="/first-start"] button')
}

const browser = await Desk.browser()
const faults = []
try {
  for (const language of ['it', 'en']) {
    const desk = await Desk.open(browser, base, out, language)
    const role = language === 'it' ? 'centre' : 'works'
    const officer = `prima.${role}`
    await desk.go('/first-start')
    await make(desk, role, officer, password, 'wrong')
    must(await desk.page.locator('.alert-danger').count() === 1, 'a wrong token was taken')
    await desk.go('/first-start')
    await desk.look(`first-start-${language}`)
    await make(desk, role, officer, 'another password of the first start')
    must(await desk.page.locator('.alert-danger').count() === 1, 'two passwords were taken for one')
    await make(desk, role, officer)
    must(await desk.page.locator('.alert-success').count() === 1, 'the administrator was not made')
    must(await desk.page.locator(`#role option[value=${role}]`).count() === 0, 'a second first administrator could be made')
    await desk.look(`first-start-made-${language}`)

    // Without a passkey nothing is open but the own account.
    await authenticator(desk)
    await desk.page.goto(`${base}/sign-in`)
    await desk.page.fill('#officer', officer)
    await desk.page.fill('#password', password)
    await desk.press('form[action="/sign-in"] button')
    must(path(desk) === '/account', `without a passkey more was open: ${desk.page.url()}`)
    await desk.look(`passkey-needed-${language}`)
    await desk.go('/oversight')
    must(path(desk) === '/account', 'without a passkey the oversight was open')
    await desk.go('/account/passkeys/new')
    await desk.page.fill('#name', 'Specimen')
    await desk.page.fill('#password', password)
    await desk.press('form[data-passkey] button')
    await desk.press('form[action="/sign-out"] button')
    await desk.page.goto(`${base}/sign-in`)
    await desk.page.fill('#officer', officer)
    await desk.page.fill('#password', password)
    await desk.press('form[action="/sign-in"] button')
    await desk.press('form[data-passkey=get] button')
    must(path(desk) === '/', `the passkey did not sign in: ${desk.page.url()}`)
    await desk.go(`/oversight/${role}/officers/new`)
    await desk.look(`name-officer-${language}`)
    await desk.page.fill('#officer', `seconda.${role}`)
    await desk.page.focus(`input[name=rights][value=${role === 'centre' ? 'examine' : 'stock'}]`)
    await desk.page.keyboard.press('Space')
    await desk.page.fill('#own_password', 'not the password at all')
    await desk.press('main form button')
    must(await desk.page.locator('#faults').count() === 1, 'somebody was named without the right password')
    must(await desk.page.locator('input[name=rights]:checked').count() === 1, 'what was filled in is gone')
    await desk.page.fill('#own_password', password)
    await desk.press('main form button')
    must((await desk.page.textContent('main')).includes(`seconda.${role}`), 'the administrator named nobody')
    // The password was seen by who named: it is good for choosing another, and for nothing else.
    const first = await desk.page.textContent('main .alert-success code')
    faults.push(...desk.faults)
    await desk.context.close()
    const second = await Desk.open(browser, base, out, language)
    const signIn = async word => {
      await second.page.goto(`${base}/sign-in`)
      await second.page.fill('#officer', `seconda.${role}`)
      await second.page.fill('#password', word)
      await second.press('form[action="/sign-in"] button')
    }
    await signIn(first)
    await second.go('/help')
    must(path(second) === '/account', 'the first password opened more than the account')
    await second.look(`first-password-${language}`)
    const choose = async word => {
      await second.page.fill('#present', first)
      await second.page.fill('#new', word)
      await second.page.fill('#again', word)
      await second.press('form[action="/account/password"] button')
    }
    await choose('passwordpassword')
    must(await second.page.locator('#faults').count() === 1, 'a password that everybody guesses was taken')
    await choose('una-nuvola-sul-tavolo')
    must(path(second) === '/sign-in', 'no password was chosen')
    await signIn('una-nuvola-sul-tavolo')
    await second.go('/account')
    must(!(await second.page.textContent('main')).includes(language === 'it' ? 'vista da altri' : 'Somebody else has seen'), 'the first password is still asked to be changed')
    faults.push(...second.faults)
    await second.context.close()
  }
} finally {
  await browser.close()
}
finish(join(out, 'journey.json'), faults, 'the first administrators made in two languages')
