// The devices of this desk, by the bridge that runs beside the browser: chips are read and fingers captured into the forms,
// which work without it as well.

async function ask (bridge, path, question) {
  const how = question ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question) } : {}
  const answer = await fetch(bridge + path, how)
  const said = await answer.json()
  if (answer.ok) return said
  throw new Error(said[document.documentElement.lang] ?? said.en)
}

function give (input, contents) {
  const files = new DataTransfer()
  for (const [name, text] of contents) files.items.add(new File([Uint8Array.from(atob(text), sign => sign.charCodeAt(0))], name))
  input.files = files.files
}

// A button that asks a device, says how it went, and sends the form when there is something to send.
function device (box, question, path, take) {
  const said = box.querySelector('[role=status]')
  const button = box.querySelector('button')
  box.hidden = false
  button.addEventListener('click', async () => {
    button.disabled = true
    said.textContent = box.dataset.wait
    try {
      take(await ask(box.dataset.bridge, path, question()))
      box.closest('form').requestSubmit()
    } catch (why) {
      said.textContent = why instanceof TypeError ? box.dataset.failed : why.message
      button.disabled = false
    }
  })
}

const value = id => document.getElementById(id)?.value.trim() || null

// What opens the chip is what was typed: the card access number, or the zone.
const key = box => value(box.dataset.can) ? { can: value(box.dataset.can) } : { mrz: value('mrz') }

function chip (box) {
  device(box, () => key(box), '/v1/chip', read => {
    const [files, live] = [document.getElementById('files'), document.getElementById('live')]
    if (files) {
      give(files, Object.entries(read.files))
      // A chip that did not open has no files, and a report all the same.
      files.required = false
      live.value = JSON.stringify(read.checks)
    } else if (read.mrz) {
      document.getElementById('mrz').value = read.mrz
    } else {
      throw new Error(box.dataset.unread)
    }
  })
}

function scanner (box) {
  const finger = document.getElementById('finger')
  device(box, () => ({ finger: finger.value || box.dataset.next }), '/v1/finger', print => {
    finger.value = print.finger
    give(document.getElementById('print'), [[print.name, print.image]])
  })
}

// What was read from a chip says nothing of files that are chosen by hand.
document.getElementById('files')?.addEventListener('change', event => {
  document.getElementById('live').value = ''
  event.target.required = true
})
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('[data-bridge] button')) button.disabled = false
})

const boxes = [...document.querySelectorAll('[data-bridge]')]
if (boxes.length) {
  ask(boxes[0].dataset.bridge, '/v1/bridge').then(there => {
    // Those who run the site see which version is where; holders at their own document are nobody's workstation.
    if (there.version && document.querySelector('form[action="/sign-out"]')) {
      fetch('/account/workstation', { method: 'POST', body: new URLSearchParams({ version: there.version }) }).catch(() => {})
    }
    for (const box of boxes) {
      if (there.chip && 'chip' in box.dataset) chip(box)
      if (there.scanners.length && 'scanner' in box.dataset) scanner(box)
    }
  }, () => {})
}
