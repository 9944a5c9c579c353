import { connect } from 'node:net'
import { mcp } from '@drawbridge/mcp'
import { describe, expect, it } from 'vitest'
import { type Application, leavingTheBody, takingTheBody } from './body-readers.ts'
import { createServer } from './mcp-server.ts'
import { world } from './world.ts'

const endpoints = ['/token', '/revoke', '/register', '/authorize', '/mcp']
const json = 'application/json'
const form = 'application/x-www-form-urlencoded'

/** A server in an application, and a token for its MCP endpoint. */
async function deployed(application: Application) {
  const { auth, browser, client, events } = world()
  const { access_token } = await client().login(browser(), { user: 'octocat' })
  const faults: unknown[] = []
  const server = mcp({
    auth,
    server: () => createServer('https://api.github.test'),
    onError: (error) => faults.push(error),
  })
  const { url, close } = await application(server)
  const authorization = `Bearer ${access_token}`
  return {
    url,
    close,
    events,
    authorization,
    /** What the operator would be told is a fault of ours. */
    faults: () => [...faults, ...events.filter(({ type }) => type === 'request.failed')],
    async post(path: string, type: string, body: BodyInit) {
      const headers = { authorization, 'content-type': type, accept: 'application/json, text/event-stream' }
      const response = await fetch(url + path, { method: 'POST', headers, body, redirect: 'manual' })
      return { status: response.status, body: await response.text() }
    },
  }
}

describe('JSON nested too deeply is the fault of who sent it', () => {
  it.each(Object.entries(leavingTheBody))('%s', async (_, application) => {
    const { post, faults, close } = await deployed(application)
    for (const levels of [1500, 5000, 30_000]) {
      const nested = `${'['.repeat(levels)}${']'.repeat(levels)}`
      const bodies = [
        nested,
        `{"redirect_uris":${nested}}`,
        `{"a":`.repeat(levels / 3) + 1 + '}'.repeat(levels / 3),
      ]
      for (const body of bodies) {
        for (const path of endpoints) {
          for (const type of [json, form]) {
            const answer = await post(path, type, body)
            expect(
              answer.status,
              `${levels} levels as ${type} to ${path}: ${answer.body}`,
            ).toBeGreaterThanOrEqual(400)
            expect(answer.status, `${levels} levels as ${type} to ${path}: ${answer.body}`).toBeLessThan(500)
          }
        }
      }
    }
    expect(faults()).toEqual([])
    await close()
  })
})

describe('a body that was read before drawbridge() is named as that', () => {
  it.each(Object.entries(takingTheBody))('by %s', async (_, application) => {
    const { post, faults, close } = await deployed(application)
    for (const path of endpoints) {
      const { status, body } = await post(
        path,
        path === '/register' || path === '/mcp' ? json : form,
        '{"a":1}',
      )
      expect([path, status]).toEqual([path, 400])
      expect(body).toMatch(/was read .*before drawbridge\(\)/)
    }
    expect(faults()).toEqual([])
    await close()
  })
})

describe('a client that goes away while it sends is no fault', () => {
  const { express, hono, fastify } = leavingTheBody
  it.each(Object.entries({ express, hono, fastify }))('%s', async (_, application) => {
    if (!application) throw new Error('no such application')
    const { url, events, faults, authorization, post, close } = await deployed(application)
    const { hostname, port } = new URL(url)
    const leave = (path: string, type: string) => {
      const socket = connect(Number(port), hostname)
      const head = [
        `POST ${path} HTTP/1.1`,
        'Host: mcp.test',
        `Authorization: ${authorization}`,
        `Content-Type: ${type}`,
        'Content-Length: 100',
      ]
      socket.on('error', () => {})
      socket.write(`${head.join('\r\n')}\r\n\r\n{"a"`, () => setImmediate(() => socket.destroy()))
    }
    for (const path of endpoints) leave(path, path === '/register' || path === '/mcp' ? json : form)
    const refused = () =>
      events.filter(({ type }) => type === 'request.refused' || type === 'registration.refused')
    await expect.poll(() => refused().length + faults().length, { timeout: 10_000 }).toBeGreaterThanOrEqual(4)
    expect(refused()).toHaveLength(4)
    expect(faults()).toEqual([])
    expect((await post('/token', form, 'grant_type=x')).status).toBe(400)
    await close()
  })
})
