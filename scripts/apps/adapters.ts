/** What the examples of one adapter have of their own. */
export interface Adapter {
  /** The package, `@drawbridge/express`, and the last part of an example's name. */
  id: string
  label: string
  imports: readonly string[]
  dependencies: readonly string[]
  devDependencies?: readonly string[]
  /** Mounts `server`, has a page at the root, and listens at `port`. */
  mount: string
}

export const adapters: readonly Adapter[] = [
  {
    id: 'express',
    label: 'Express',
    imports: ["import express from 'express'"],
    dependencies: ['express'],
    devDependencies: ['@types/express'],
    mount: `\
const app = express().use(drawbridge(server))
app.get('/', (_request, response) => {
  response.type('text/plain').send(\`Connect an MCP client to \${auth.resource}\`)
})

app.listen(port, (error) => {
  if (error) throw error
  console.log(\`MCP server: \${auth.resource}\`)
})`,
  },
  {
    id: 'hono',
    label: 'Hono',
    imports: ["import { serve } from '@hono/node-server'", "import { Hono } from 'hono'"],
    dependencies: ['@hono/node-server', 'hono'],
    mount: `\
const app = new Hono().use(drawbridge(server))
app.get('/', (c) => c.text(\`Connect an MCP client to \${auth.resource}\`))

serve({ fetch: app.fetch, port }, () => console.log(\`MCP server: \${auth.resource}\`))`,
  },
  {
    id: 'fastify',
    label: 'Fastify',
    imports: ["import fastify from 'fastify'"],
    dependencies: ['fastify'],
    mount: `\
const app = fastify()
await app.register(drawbridge(server))
app.get('/', () => \`Connect an MCP client to \${auth.resource}\`)

await app.listen({ port, host: '0.0.0.0' })
console.log(\`MCP server: \${auth.resource}\`)`,
  },
]
