// What is done at a counter, by keyboard: fields are filled, forms sent, and somebody waits until a dossier stands somewhere.
import { setTimeout as pause } from 'node:timers/promises'

// Fills fields by their labels' ids; files and choices like any other.
export async function fill (desk, fields) {
  for (const [id, value] of Object.entries(fields)) {
    const field = desk.page.locator(`#${id}`)
    const tag = await field.evaluate(one => one.tagName + (one.type ?? ''))
    if (tag === 'INPUTfile') await field.setInputFiles(value)
    else if (tag.startsWith('SELECT')) await field.selectOption(value)
    else if (tag === 'INPUTradio' || tag === 'INPUTcheckbox') { await field.focus(); await desk.page.keyboard.press('Space') } else await field.fill(value)
  }
}

export const send = desk => desk.press('main > form[method=post] button[type=submit]')

export async function until (desk, path, phase, what) {
  for (let tries = 0; tries < 120; tries += 1) {
    await desk.go(path)
    const text = await desk.page.locator('main').innerText()
    if (text.includes(phase)) return
    await pause(250)
  }
  throw new Error(`${path} never came to ${what ?? phase}: ${(await desk.page.locator('main').innerText()).slice(0, 400)}`)
}
