// One document from the first form to its hand-over and its control, every key pressed by hand:
// node issue.mjs ADDRESS OPERATORS.json EXAMPLES CARDS OUT
import { readFileSync, readdirSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Desk, finish } from './browser.mjs'
import { fill, send, until } from './counter.mjs'

const [base, operators, examples, cards, out] = process.argv.slice(2)
const known = JSON.parse(readFileSync(operators, 'utf8'))
const browser = await Desk.browser()
const faults = []
const look = async (desk, name) => { await desk.look(name) }

async function as (officer, work, language = 'it', script = true) {
  const desk = await Desk.open(browser, base, out, language, script)
  await desk.signIn(officer, known[officer])
  const result = await work(desk)
  faults.push(...desk.faults)
  await desk.context.close()
  return result
}

// The holder, with the receipt and without an account.
async function visit (language, work) {
  const holder = await Desk.open(browser, base, out, language)
  await holder.go('/status')
  await fill(holder, { dossier, code: receipt.toLowerCase() })
  await send(holder)
  const result = await work(holder)
  faults.push(...holder.faults)
  await holder.context.close()
  return result
}

async function refusal (desk, words) {
  const text = await desk.page.locator('#faults').innerText()
  if (!text.includes(words)) throw new Error(`the refusal says ${text}`)
}

// A print as the same finger gives it another time: turned by ten degrees, moved, and partly beside the plate.
async function laidOtherwise (desk, file) {
  const png = await desk.page.evaluate(async text => {
    const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(text), sign => sign.charCodeAt(0))]))
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    const draw = canvas.getContext('2d')
    draw.fillStyle = '#fff'
    draw.fillRect(0, 0, canvas.width, canvas.height)
    draw.translate(canvas.width / 2 + 12, canvas.height / 2 - 20)
    draw.rotate(Math.PI / 18)
    draw.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2)
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''))
  }, readFileSync(file).toString('base64'))
  return Buffer.from(png, 'base64')
}

const image = name => join(examples, 'images', name)
// What the machine wrote: a folder for each document.
const made = () => readdirSync(cards).map(name => join(cards, name)).filter(name => existsSync(join(name, 'document.json')))
const isOurs = folder => readFileSync(join(folder, 'document.json'), 'utf8').includes('LAZ')
const chipOf = folder => ['chip', 'trust'].flatMap(part => readdirSync(join(folder, part)).filter(name => !name.endsWith('.toml')).map(name => join(folder, part, name)))
const printOf = (person, finger) => image(`prints/${person}/${finger}.png`)
const clerk = 'gendarmeria.bianchi'
const chief = 'gendarmeria.rossi'

// The clerk opens a dossier and takes the data, by keyboard alone and without JavaScript.
const dossier = await as(clerk, async desk => {
  await desk.go('/desk/office/dossier')
  await desk.press('main a[href="/do/open-dossier"]')
  await fill(desk, { 'f-profile': 'sm-permit', 'f-reason': 'first' })
  await send(desk)
  const id = desk.page.url().match(/dossier\/([^/]+)\/enrol\/person/)[1]
  // The old document knows most of it; what its zone cannot write is typed.
  await desk.page.locator('summary').first().focus()
  await desk.page.keyboard.press('Enter')
  await fill(desk, { mrz: 'IRSMRSMA000099<<<<<<<<<<<<<<<<\n7903140M2511303ROU<<<<<<<<<<<0\nLAZAR<OESTERGAARD<<JUERGEN<<<<' })
  await desk.press('main details button[type=submit]')
  if (!(await desk.page.locator('main').innerText()).includes('La zona non si legge')) throw new Error('a wrong zone was taken')
  await fill(desk, {
    'f-person-surname': 'Lazăr-Østergård', 'f-person-given_names': 'Jürgen', 'f-person-sex': 'M', 'f-person-birth_date': '1979-03-14',
    'f-person-birth_place': 'Timișoara', 'f-person-birth_country': 'ROU', 'f-person-nationality': 'ROU',
    'f-person-address-street': 'Via Piana 12', 'f-person-address-place': '47890 San Marino', 'f-person-address-country': 'SMR'
  })
  await send(desk)
  if (!(await desk.page.locator('.site-mrz').innerText()).startsWith('LAZAR')) throw new Error('no name for the machine-readable zone')
  // The browser dies: what was taken is there.
  await desk.go(`/desk/office/dossier/${id}/enrol/person`)
  if (await desk.page.locator('#f-person-surname').inputValue() !== 'Lazăr-Østergård') throw new Error('a step was lost')
  await send(desk)
  await fill(desk, { 'f-document-permit': 'work', 'f-document-place': 'San Marino', 'f-document-remarks': 'Lavoro dipendente' })
  await send(desk)
  await fill(desk, { portrait: image('marco.png') })
  await send(desk)
  return id
}, 'it', false)

await as(clerk, async desk => {
  const step = name => `/desk/office/dossier/${dossier}/enrol/${name}`
  await desk.go(step('portrait'))
  await fill(desk, { portrait: join(examples, 'images', 'giulia.png') })
  await send(desk)
  await look(desk, 'taken-portrait')
  for (const finger of ['right-index', 'left-index']) {
    await desk.go(step('fingers'))
    await fill(desk, { finger, print: printOf('person-1', finger) })
    await send(desk)
  }
  await look(desk, 'taken-fingers')
  await desk.go(step('signature'))
  // The pad needs a pen; a file does as well.
  await fill(desk, { signature: image('giulia-signature.png') })
  await send(desk)
  await look(desk, 'proof')
  await fill(desk, { confirmed: true })
  await send(desk)
  if (!desk.page.url().includes('done=enrol')) throw new Error(`not enrolled: ${await desk.page.locator('main').innerText()}`)
  await look(desk, 'enrolled')
  // Four eyes: whoever took the data cannot send them.
  await desk.go(`/do/bring-papers?dossier=${dossier}`)
  await fill(desk, { 'f-papers-title': 'lease-contract', 'f-papers': { name: 'lease.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') } })
  await send(desk)
})

const receipt = await as(clerk, async desk => {
  await desk.go(`/desk/office/dossier/${dossier}/receipt`)
  return await desk.page.locator('main code').innerText()
})

await as(chief, async desk => {
  await desk.go(`/desk/office/dossier/${dossier}`)
  await desk.press('main a[href^="/do/submit-dossier"]')
  await send(desk)
  await until(desk, `/desk/office/dossier/${dossier}`, 'in esame')
})

await as('centre.examiner', async desk => {
  const path = `/desk/centre/dossier/${dossier}`
  await until(desk, path, 'Impronte cercate')
  await look(desk, 'examination')
  if (!(await desk.page.locator('main').innerText()).includes('lease-contract')) await until(desk, path, 'lease-contract')
  const judge = desk.page.locator('main a[href^="/do/examine-findings"]')
  if (await judge.count()) {
    await desk.press('main a[href^="/do/examine-findings"]')
    await fill(desk, { 'f-clear-y': true })
    await send(desk)
  }
  // Somebody has the same fingers: side by side, with the minutiae that fit.
  await desk.go(path)
  await desk.press(`main a[href="${path}/hits"]`)
  const drawn = await desk.page.locator('.site-pair').evaluateAll(all => all.map(one => one.naturalWidth))
  if (!drawn.length || drawn.some(width => width === 0)) throw new Error(`prints are not drawn: ${drawn}`)
  await look(desk, 'hits')
  const hits = encodeURIComponent(new URL(desk.page.url()).pathname)
  await desk.go(`/language?to=en&back=${hits}`)
  await look(desk, 'hits-en')
  await desk.go(`/language?to=it&back=${hits}`)
  await desk.press('main a[href^="/do/adjudicate"]')
  await fill(desk, { 'f-same-y': true })
  await send(desk)
  // A suspicion stands against a grant; whoever raised it does not judge it.
  await desk.go(path)
  await desk.press('main a[href^="/do/suspect-fraud"]')
  await fill(desk, { 'f-fraud': 'morph', 'f-report': 'report-7' })
  await send(desk)
  await look(desk, 'suspected')
})

await as('centre.director', async desk => {
  await desk.go(`/do/judge-suspicion?dossier=${dossier}`)
  await fill(desk, { 'f-established-n': true, 'f-act': 'act-7' })
  await send(desk)
  if (!desk.page.url().includes('done=judge-suspicion')) throw new Error(await desk.page.locator('main').innerText())
})

await as('centre.examiner', async desk => {
  // Missing papers stop the term, and a proposal with it.
  await desk.go(`/do/ask-papers?dossier=${dossier}`)
  await fill(desk, { 'f-papers': 'work-contract', 'f-days': '20' })
  await send(desk)
  await look(desk, 'papers-asked')
  await desk.go(`/do/propose?dossier=${dossier}`)
  await fill(desk, { 'f-grant-y': true })
  await send(desk)
  await refusal(desk, 'il termine è sospeso')
  await look(desk, 'refused-command')
})

await as(clerk, async desk => {
  await until(desk, `/desk/office/dossier/${dossier}`, 'work-contract')
  // The request is an act, which the clerk prints and hands over.
  await until(desk, `/desk/office/dossier/${dossier}`, 'Richiesta di documenti')
  await look(desk, 'acts')
  const act = desk.page.locator('main a[href*="/acts/"]')
  const addresses = await act.evaluateAll(all => all.map(one => one.href))
  const files = await Promise.all(addresses.map(async one => (await desk.page.request.get(one)).body()))
  if (files.length !== 2 || files[0].subarray(0, 5).toString() !== '%PDF-' || files[1][0] !== 0x30) throw new Error('an act cannot be read')
  files.forEach((file, place) => writeFileSync(join(out, `act.${['pdf', 'pdf.p7m'][place]}`), file))
  // Whoever hands acts over says so: the examiners see on which day.
  await as(chief, async other => {
    await other.go(`/desk/office/dossier/${dossier}`)
    await other.press('main a[href^="/do/serve-act"]')
    await look(other, 'serve-act')
    await send(other)
    await until(other, `/desk/office/dossier/${dossier}`, 'consegnato il')
    await look(other, 'act-served')
  })
  await desk.go(`/do/bring-papers?dossier=${dossier}`)
  await fill(desk, { 'f-papers-title': 'work-contract', 'f-papers': { name: 'c.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') } })
  await send(desk)
})

await as('centre.examiner', async desk => {
  await until(desk, `/desk/centre/dossier/${dossier}`, 'Il termine riprende')
  await desk.go(`/do/propose?dossier=${dossier}`)
  await fill(desk, { 'f-grant-y': true })
  await send(desk)
  if (!desk.page.url().includes('done=propose')) throw new Error(await desk.page.locator('main').innerText())
})

await as('centre.director', async desk => {
  await desk.go(`/do/decide?dossier=${dossier}`)
  await fill(desk, { 'f-grant-y': true, 'f-express-n': true })
  await send(desk)
  await until(desk, `/desk/centre/dossier/${dossier}`, 'prodotto')
})

await as('works.keeper', async desk => {
  // A card falls: its photograph is there before it is destroyed.
  await desk.go('/desk/works/blank?state=sm-permit%2Fassigned')
  await desk.press('main tbody th a')
  await desk.press('main a[href^="/do/spoil-blank"]')
  await fill(desk, { 'f-defect': 'handling' })
  await send(desk)
  await desk.press('main a[href^="/do/photograph-blank"]')
  await fill(desk, { 'f-papers-title': 'front', 'f-papers': image('giulia-signature.png') })
  await send(desk)
  const shown = await desk.page.locator('.site-prints img').evaluateAll(all => all.map(one => one.naturalWidth))
  if (shown.length !== 1 || shown[0] === 0) throw new Error(`no photograph is shown: ${shown}`)
  await look(desk, 'photographed')
  await desk.go('/do/dispatch')
  await fill(desk, { 'f-office': 'gendarmeria', 'f-seal': 'seal-77', 'f-second': 'works.engraver' })
  await send(desk)
  if (!desk.page.url().includes('done=dispatch')) throw new Error(await desk.page.locator('main').innerText())
})

await as(chief, async desk => {
  await until(desk, `/desk/office/dossier/${dossier}`, 'in viaggio')
  await desk.go('/desk/office/consignment?state=dispatched')
  await desk.press('main tbody tr:last-child th a')
  await desk.press('main a[href^="/do/receive-consignment"]')
  await look(desk, 'parcel')
  for (const box of await desk.page.locator('.site-checks input').all()) {
    await box.focus()
    await desk.page.keyboard.press('Space')
  }
  await fill(desk, { 'f-second': clerk })
  await send(desk)
  // Whoever collects puts a finger on the scanner: another finger is told from the holder's, which lies otherwise than at enrolment.
  await desk.go(`/desk/office/dossier/${dossier}`)
  await desk.press(`main a[href="/desk/office/dossier/${dossier}/holder"]`)
  await look(desk, 'holder-finger')
  await fill(desk, { finger: 'right-index', print: printOf('person-2', 'right-index') })
  await desk.press('main form[action$="/holder"] button[type=submit]')
  if (!(await desk.page.locator('.alert-danger').innerText()).includes('Non è lo stesso dito')) throw new Error('a stranger was taken for the holder')
  await look(desk, 'holder-stranger')
  // The chip is the one that was made for this dossier, and no other.
  for (const [folder, words, verdict] of [[made().find(name => !isOurs(name)), 'non è quello', 'danger'], [made().find(isOurs), 'è quello di questa pratica', 'success']]) {
    await desk.page.setInputFiles('#files', chipOf(folder))
    await desk.press('main form[action$="/holder/chip"] button[type=submit]')
    if (!(await desk.page.locator(`.alert-${verdict}`).first().innerText()).includes(words)) throw new Error(`the chip: ${await desk.page.locator('main').innerText()}`)
    await look(desk, `holder-chip-${verdict}`)
  }
  const turned = await laidOtherwise(desk, printOf('person-1', 'right-index'))
  await fill(desk, { finger: 'right-index', print: { name: 'live.png', mimeType: 'image/png', buffer: turned } })
  await desk.press('main form[action$="/holder"] button[type=submit]')
  if (!(await desk.page.locator('.alert-success').innerText()).includes('È lo stesso dito')) throw new Error('the holder was not known')
  const pair = await desk.page.locator('.site-pair').evaluate(one => one.naturalWidth)
  if (!pair) throw new Error('the two prints are not drawn')
  await look(desk, 'holder-same')
  const here = encodeURIComponent(new URL(desk.page.url()).pathname)
  await desk.go(`/language?to=en&back=${here}`)
  await look(desk, 'holder-finger-en')
  await desk.go(`/language?to=it&back=${here}`)
  await fill(desk, { finger: 'right-index', print: { name: 'live.png', mimeType: 'image/png', buffer: turned } })
  await desk.press('main form[action$="/holder"] button[type=submit]')
  await desk.press('main a[href^="/do/activate"]')
  if (await desk.page.locator('#f-check').inputValue() !== 'finger') throw new Error('the check was not taken over')
  await send(desk)
  await until(desk, `/desk/office/dossier/${dossier}`, 'attivato')
  await desk.go(`/do/shelve-document?dossier=${dossier}`)
  await fill(desk, { 'f-shelf': 'A-12' })
  await send(desk)
})

// The holder chooses a time, without an account; the desk gives another, and sees who waits.
const time = await visit('it', async holder => {
  const first = await holder.page.locator('#at option').first().innerText()
  await send(holder)
  if (!(await holder.page.locator('main').innerText()).includes(`La aspettiamo il ${first}`)) throw new Error('no appointment was made')
  await look(holder, 'holder-appointment')
  await holder.press('main > form.mb-3 button')
  if ((await holder.page.locator('main').innerText()).includes('La aspettiamo')) throw new Error('it was not called off')
  return first
})

await as(chief, async desk => {
  await desk.go(`/desk/office/dossier/${dossier}`)
  await desk.press('main a[href^="/do/set-appointment"]')
  await look(desk, 'appointment')
  await fill(desk, { 'f-at': { label: time } })
  await send(desk)
  await look(desk, 'appointed')
  await desk.go('/desk/office/waiting')
  const row = await desk.page.locator('tbody tr', { hasText: dossier }).innerText()
  if (!row.includes('A-12') || !row.includes(time)) throw new Error(`the document does not wait: ${row}`)
  await look(desk, 'waiting')
  await desk.go(`/do/hand-over?dossier=${dossier}`)
  await fill(desk, { 'f-check': 'finger', 'f-surrender': 'first-issue' })
  await send(desk)
  await until(desk, `/desk/office/dossier/${dossier}`, 'consegnato')
  await look(desk, 'handed-over')
})

await visit('en', async holder => {
  if (!(await holder.page.locator('main').innerText()).includes('The document was handed over.')) throw new Error('the holder is not told')
  await look(holder, 'holder')
})

// The border: the folder that the machine wrote is uploaded and accepted, a forged one is not.
const ours = made().find(isOurs)
if (!ours) throw new Error('the machine wrote no folder of this document')
const files = chipOf(ours)
await as(chief, async desk => {
  await desk.go('/inspection')
  await fill(desk, { files })
  await send(desk)
  await look(desk, 'inspection')
  const text = await desk.page.locator('main').innerText()
  if (!text.includes('Il documento è autentico')) throw new Error(text)
  const forged = files.map(file => ({ name: file.split('/').pop(), mimeType: 'application/octet-stream', buffer: Buffer.from(readFileSync(file)) }))
  const dg1 = forged.find(file => file.name === 'DG1.bin').buffer
  dg1[dg1.length - 20] ^= 1
  await desk.go('/inspection')
  await desk.page.locator('#files').setInputFiles(forged)
  await send(desk)
  await look(desk, 'inspection-forged')
  const verdict = await desk.page.locator('main').innerText()
  if (verdict.includes('Il documento è autentico')) throw new Error('a forged document was accepted')
})

// The holder loses it and says so at the counter: the centre blocks it at once, and says so there.
await as(chief, async desk => {
  await desk.go(`/desk/office/dossier/${dossier}`)
  await desk.press('main a[href^="/do/report-loss"]')
  await fill(desk, { 'f-loss': 'stolen', 'f-report': 'denuncia-12' })
  await look(desk, 'report-loss')
  await send(desk)
  await until(desk, '/desk/office/loss-report?state=blocked', 'denuncia-12')
  await desk.press('main tbody th a')
  await look(desk, 'loss-reported')
  const here = encodeURIComponent(new URL(desk.page.url()).pathname)
  await desk.go(`/language?to=en&back=${here}`)
  await look(desk, 'loss-reported-en')
  await desk.go(`/language?to=it&back=${here}`)
})

// An address that nobody has is said on a page.
await as(clerk, async desk => {
  if (await desk.go('/desk/nowhere/at/all') !== 404) throw new Error('a page that is none was shown')
  await look(desk, 'no-such-page')
})

await browser.close()
finish(join(out, 'journey.json'), faults, `${dossier} from the first form to the control`)
