// An authenticator of the browser itself, which touches itself.
export async function authenticator (desk) {
  const devtools = await desk.context.newCDPSession(desk.page)
  await devtools.send('WebAuthn.enable')
  const made = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true }
  })
  return { devtools, id: made.authenticatorId }
}
