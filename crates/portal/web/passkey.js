// Passkeys: the form asks the browser for one, fills in its answer, and is sent.

const bytes = text => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), sign => sign.charCodeAt(0))
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

// Passkeys of other hosts are of no use here.
function known (form) {
  return [...form.querySelectorAll('input.known')]
    .filter(input => input.dataset.host === location.hostname)
    .map(input => ({ type: 'public-key', id: bytes(input.value) }))
}

async function get (form) {
  const made = await navigator.credentials.get({
    publicKey: { challenge: bytes(form.dataset.challenge), rpId: location.hostname, allowCredentials: known(form), userVerification: 'preferred' }
  })
  return {
    id: made.rawId,
    client_data: made.response.clientDataJSON,
    authenticator_data: made.response.authenticatorData,
    signature: made.response.signature
  }
}

async function create (form) {
  const officer = form.dataset.officer
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: bytes(form.dataset.challenge),
      rp: { id: location.hostname, name: 'Rilascio' },
      user: { id: new TextEncoder().encode(officer), name: officer, displayName: officer },
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      excludeCredentials: known(form),
      authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
      attestation: 'none'
    }
  })
  return {
    client_data: made.response.clientDataJSON,
    authenticator_data: made.response.getAuthenticatorData(),
    key: made.response.getPublicKey()
  }
}

for (const form of document.querySelectorAll('form[data-passkey]')) {
  form.addEventListener('submit', async event => {
    event.preventDefault()
    const fault = document.getElementById(form.dataset.fault)
    fault.hidden = true
    try {
      const answer = await (form.dataset.passkey === 'get' ? get(form) : create(form))
      for (const [name, value] of Object.entries(answer)) form.elements[name].value = text(value)
      form.submit()
    } catch {
      fault.hidden = false
    }
  })
}
