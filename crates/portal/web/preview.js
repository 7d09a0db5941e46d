// The name in the machine-readable zone, while it is typed.

function zone (box) {
  const fields = box.dataset.fields.split(' ').map(id => document.getElementById(id))
  const [name, said] = [box.querySelector('code'), box.querySelector('[role=status]')]
  let wait
  let asked = new AbortController()
  const show = async () => {
    const [surname, given, latinSurname, latinGiven] = fields.map(field => field?.value.trim() ?? '')
    const typed = new URLSearchParams({ surname: latinSurname || surname, given_names: latinGiven || given })
    // Names are in no address, and an older answer never replaces a newer one.
    asked.abort()
    asked = new AbortController()
    const question = fetch(box.dataset.zone, { method: 'POST', body: typed, signal: asked.signal })
    const found = await question.then(answer => answer.ok ? answer.json() : null, () => null)
    if (!found) return
    name.textContent = found.name
    said.textContent = found.said ?? ''
    box.hidden = !found.name && !found.said
  }
  for (const field of fields) {
    field?.addEventListener('input', () => {
      clearTimeout(wait)
      wait = setTimeout(show, 250)
    })
  }
}

document.querySelectorAll('[data-zone]').forEach(zone)
