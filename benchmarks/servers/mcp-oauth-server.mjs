import express from 'express'
import {
  authenticateHandler,
  getOAuthProtectedResourceMetadataUrl,
  mcpAuthRouter,
  OAuthServer,
  requireBearerAuth,
} from 'mcp-oauth-server'

/** As its documentation sets it up, with the memory model; the consent page is the application's, and so is sign-in. */
export async function start({ port }) {
  const issuerUrl = new URL(`http://127.0.0.1:${port}`)
  const resourceServerUrl = new URL('/mcp', issuerUrl)
  const provider = new OAuthServer({
    issuerUrl,
    authorizationUrl: new URL('/consent', issuerUrl),
    resourceServerUrl,
    scopesSupported: ['read'],
  })
  const unlimited = { rateLimit: false }
  const app = express()
  app.use(
    mcpAuthRouter({
      provider,
      resourceServerUrl,
      authorizationOptions: unlimited,
      tokenOptions: unlimited,
      clientRegistrationOptions: unlimited,
    }),
  )
  app.get('/consent', (request, response) => response.type('html').send(consentPage(request.query)))
  let people = 0
  app.use('/confirm', authenticateHandler({ provider, getUser: () => `user${++people}`, rateLimit: false }))
  const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(resourceServerUrl)
  app.post(
    '/mcp',
    requireBearerAuth({ verifier: provider, resourceMetadataUrl, resource: resourceServerUrl }),
    (_request, response) => response.json({ ok: true }),
  )
  await new Promise((resolve) => app.listen(port, '127.0.0.1', resolve))
  return { mcpPath: '/mcp', resource: resourceServerUrl.href, scope: 'read' }
}

const escaped = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

function consentPage(query) {
  const fields = Object.entries(query).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  return `<!doctype html>
<meta charset="utf-8">
<title>Authorize</title>
<h1>Allow ${escaped(query.client_id)} to access your account?</h1>
<form method="post" action="/confirm">
${fields.join('\n')}
<button>Allow</button>
</form>`
}
