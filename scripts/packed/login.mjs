// A whole application, run outside the workspace on the archives: an OAuth proxy in front of a pretend GitHub, mounted
// in Express, and a client that registers, signs in and calls a guarded route. Prints what the client saw, as JSON.
import { once } from 'node:events'
import { memory, oauthProxy } from '@drawbridge/core'
import { drawbridge, protect } from '@drawbridge/express'
import { github } from '@drawbridge/github'
import { browser, devGitHub, oauthClient } from '@drawbridge/testing'
import express from 'express'

const provider = await devGitHub().listen()
const app = express()
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${server.address().port}`

const auth = oauthProxy({
  issuer,
  secret: 'Vq3x8m0TtS2yYk7sPzR5uWb1cDf4gHj6KlN9oQeXaZA=',
  storage: memory(),
  provider: github({ clientId: 'dev-client', clientSecret: 'dev-secret', host: provider.url }),
})
app.use(drawbridge(auth))
app.post('/mcp', protect(auth), (request, response) => {
  response.json({ subject: request.auth.extra.subject, login: request.auth.extra.user.login })
})

const call = (headers) => fetch(`${issuer}/mcp`, { method: 'POST', headers })

const client = oauthClient({ mcpUrl: `${issuer}/mcp` })
const tokens = await client.login(browser(), { user: 'octocat' })
const refreshed = await client.refresh(tokens.refresh_token)
const answer = await call({ authorization: `Bearer ${refreshed.body.access_token}` })
const refused = await call({})

console.log(
  JSON.stringify({
    node: process.version,
    answer: { status: answer.status, body: await answer.json() },
    refused: { status: refused.status, challenge: refused.headers.get('www-authenticate') },
  }),
)
server.close()
server.closeAllConnections()
await provider.close()
