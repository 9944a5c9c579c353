import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { run } from './cli/run.ts'
import type { Listener } from './listen.ts'

const open: Listener[] = []
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close()
})

/** The command in this process, on any free port. */
async function command(...given: string[]) {
  const [printed, complained]: [string[], string[]] = [[], []]
  const outcome = await run(given, {
    print: (text) => printed.push(text),
    complain: (text) => complained.push(text),
  })
  if (typeof outcome !== 'number') open.push(outcome)
  const [out, err] = [printed.join('\n'), complained.join('\n')]
  const url = /http:\/\/localhost:\d+/.exec(out)?.[0] ?? ''
  return { outcome, out, err, url }
}

describe('what goes into .env', () => {
  const acme = 'ac3e0000-0000-4000-8000-000000000001'
  it.each<[string, string, (url: string) => string[]]>([
    ['github', 'GITHUB', (url) => [`DRAWBRIDGE_GITHUB_HOST=${url}`]],
    ['google', 'GOOGLE', (url) => [`DRAWBRIDGE_GOOGLE_ISSUER=${url}`]],
    ['entra', 'AZURE', (url) => [`DRAWBRIDGE_AZURE_AUTHORITY=${url}`, `DRAWBRIDGE_AZURE_TENANT=${acme}`]],
    ['workos', 'WORKOS', (url) => [`DRAWBRIDGE_WORKOS_DOMAIN=${url}`]],
    ['oidc', 'OIDC', (url) => [`DRAWBRIDGE_OIDC_ISSUER=${url}`]],
  ])('for %s is printed', async (provider, id, further) => {
    const { out, url } = await command(provider, '--port', '0')
    expect(out.split('\n').filter((line) => line.startsWith('DRAWBRIDGE_'))).toEqual([
      `DRAWBRIDGE_${id}_CLIENT_ID=dev-client`,
      `DRAWBRIDGE_${id}_CLIENT_SECRET=dev-secret`,
      ...further(url),
    ])
  })
})

it.each([
  ['github', 'octocat, name Mona Lisa, organization acme'],
  ['google', '1001, name Ada, email ada@acme.test, hd acme.test'],
  ['entra', 'ada, name Ada Lovelace, preferred_username ada@acme.test, tid ac3e'],
  ['workos', 'user_ada, name Ada Lovelace, email ada@acme.test, org_id org_acme'],
  ['oidc', 'ada, name Ada Lovelace, email ada@example.com'],
])('%s says that it is for development, and who can sign in', async (provider, person) => {
  const { out } = await command(provider, '--port', '0')
  expect(out).toContain('For development only')
  expect(out).toContain(`\n  ${person}`)
})

it('names itself as it was asked, by name and by address', async () => {
  const { url } = await command('google', '--port', '0')
  for (const origin of [url, url.replace('localhost', '127.0.0.1')]) {
    const { issuer, token_endpoint } = await (
      await fetch(`${origin}/.well-known/openid-configuration`)
    ).json()
    expect({ issuer, token_endpoint }).toEqual({ issuer: origin, token_endpoint: `${origin}/token` })
  }
  const body = new URLSearchParams({ client_id: 'dev-client', client_secret: 'dev-secret', grant_type: 'x' })
  const answer = await fetch(`${url}/token`, { method: 'POST', body })
  expect(await answer.json()).toEqual({ error: 'unsupported_grant_type' })
})

it('listens on the loopback interface alone', async () => {
  const { outcome } = await command('google', '--port', '0')
  expect(outcome).toMatchObject({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) })
})

describe('is told what is wrong with', () => {
  it.each<[string, string[], string]>([
    ['no provider', [], 'Which provider?'],
    ['one that there is not', ['facebook'], 'There is no development provider "facebook".'],
    ['a name of every object', ['constructor'], 'There is no development provider "constructor".'],
    ['two', ['google', 'entra'], 'One provider at a time; what is "entra"?'],
    ['a port that is a word', ['google', '--port', 'http'], '"http" is no port'],
    ['a port that there is not', ['google', '--port', '65536'], '"65536" is no port'],
    ['an option that there is not', ['google', '--host', '0.0.0.0'], '--host'],
  ])('%s: exit code 2', async (_, given, message) => {
    const { outcome, out, err } = await command(...given)
    expect([outcome, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(err).toContain('drawbridge-dev <entra|github|google|oidc|workos> [--port 4000]')
  })

  it('a port that is taken: exit code 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = String(typeof address === 'object' ? address?.port : undefined)
    const { outcome, out, err } = await command('google', '--port', port)
    expect([outcome, out]).toEqual([1, ''])
    expect(err).toBe(`Port ${port} is taken. Choose another one with --port, or any free one with --port 0.`)
    taken.close()
  })
})

it('--help shows how it is used', async () => {
  const { outcome, out } = await command('--help')
  expect(outcome).toBe(0)
  expect(out).toContain('drawbridge-dev <entra|github|google|oidc|workos>')
})

describe('in a process', () => {
  const file = new URL('cli.ts', import.meta.url).pathname

  it('stops on Ctrl+C', async () => {
    const child = spawn(process.execPath, [file, 'google', '--port', '0'])
    const [printed] = await once(child.stdout, 'data')
    expect(String(printed)).toContain('DRAWBRIDGE_GOOGLE_ISSUER=http://localhost:')
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('ends with the code of its mistake', async () => {
    const child = spawn(process.execPath, [file, 'facebook'])
    expect(await once(child, 'exit')).toEqual([2, null])
  })
})
