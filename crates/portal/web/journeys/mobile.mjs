// A mobile station takes a dossier while nobody else is there, and it arrives later:
// node mobile.mjs ADDRESS OPERATORS.json EXAMPLES STAGE OUT (STAGE: begin, send, arrive)
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'
import { fill, send, until } from './counter.mjs'

const [base, operators, examples, stage, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const browser = await Desk.browser()
const faults = []
const place = join(out, 'dossier.txt')
const image = name => join(examples, 'images', name)

async function as (officer, work) {
  const desk = await Desk.open(browser, base, out, 'it')
  await desk.signIn(officer, known[officer])
  await work(desk)
  faults.push(...desk.faults)
  await desk.context.close()
}

function must (right, what) {
  if (!right) throw new Error(what)
}

const text = desk => desk.page.locator('main').innerText()

if (stage === 'begin') {
  await as('anna', async desk => {
    await desk.go('/do/open-dossier')
    await fill(desk, { 'f-profile': 'sm-permit', 'f-reason': 'first' })
    await send(desk)
    mkdirSync(out, { recursive: true })
    writeFileSync(place, desk.page.url().match(/dossier\/([^/]+)\/enrol\/person/)[1])
    await fill(desk, {
      'f-person-surname': 'Bianchi', 'f-person-given_names': 'Ada', 'f-person-sex': 'F', 'f-person-birth_date': '1988-05-02',
      'f-person-birth_place': 'Rimini', 'f-person-birth_country': 'ITA', 'f-person-nationality': 'ITA',
      'f-person-address-street': 'Via Piana 3', 'f-person-address-place': '47890 San Marino', 'f-person-address-country': 'SMR'
    })
    await send(desk)
    await fill(desk, { 'f-document-permit': 'work', 'f-document-place': 'San Marino', 'f-document-remarks': 'Lavoro dipendente' })
    await send(desk)
    await desk.look('mobile-begun')
  })
} else {
  const dossier = readFileSync(place, 'utf8')
  const path = `/desk/office/dossier/${dossier}`
  const step = name => `${path}/enrol/${name}`
  if (stage === 'send') {
    await as('anna', async desk => {
      // The node died: what was taken is there.
      await desk.go(step('person'))
      must(await desk.page.locator('#f-person-surname').inputValue() === 'Bianchi', 'the person was lost')
      await desk.go(step('document'))
      must(await desk.page.locator('#f-document-place').inputValue() === 'San Marino', 'the document was lost')
      await desk.go(step('portrait'))
      await fill(desk, { portrait: image('giulia.png') })
      await send(desk)
      for (const finger of ['right-index', 'left-index']) {
        await desk.go(step('fingers'))
        await fill(desk, { finger, print: join(examples, 'images/prints/person-2', `${finger}.png`) })
        await send(desk)
      }
      await desk.go(step('signature'))
      await fill(desk, { signature: image('giulia-signature.png') })
      await send(desk)
      await fill(desk, { confirmed: true })
      await send(desk)
      must(desk.page.url().includes('done=enrol'), `not enrolled: ${await text(desk)}`)
    })
    await as('bruno', async desk => {
      await desk.go(`/do/submit-dossier?dossier=${dossier}`)
      await send(desk)
      await desk.go(path)
      must((await text(desk)).includes('inviata'), `not sent: ${await text(desk)}`)
      await desk.look('mobile-sent')
    })
  } else {
    await as('bruno', async desk => {
      await until(desk, path, 'in esame')
      await desk.look('mobile-arrived')
    })
  }
}

await browser.close()
finish(join(out, 'journey.json'), faults, `a mobile station: ${stage}`)
