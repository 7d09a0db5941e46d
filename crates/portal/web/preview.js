// The name in the machine-readable zone, while it is typed.

function zone (box) {
  const fields = box.dataset.fields.split(' ').map(id => document.getElementById(id))
  const [name, said] = [box.querySelector('code'), box.querySelector('[role=status]')]
  let wait
  const show = async () => {
    const [surname, given, latinSurname, latinGiven] = fields.map(field => field?.value.trim() ?? '')
    const typed = new URLSearchParams({ surname: latinSurname || surname, given_names: latinGiven || given })
    const answer = await fetch(`${box.dataset.zone}?${typed}`)
    if (!answer.ok) return
    const found = await answer.json()
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
