import { dangerouslyStaticTokens, resourceServer } from '@drawbridge/core'
import {
  getAuth,
  type PublicOptions,
  type RequireOptions,
  requireAuth,
  type ServerContext,
} from '@drawbridge/mcp'
import { mcp as mcpV1 } from '@drawbridge/mcp/v1'
import { mcp as mcpV2 } from '@drawbridge/mcp/v2'
import { completable as completableV1 } from '@modelcontextprotocol/sdk/server/completable.js'
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js'
import {
  McpServer as McpServerV1,
  ResourceTemplate as ResourceTemplateV1,
} from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  completable as completableV2,
  McpServer as McpServerV2,
  ResourceTemplate as ResourceTemplateV2,
  Server as ServerV2,
} from '@modelcontextprotocol/server'
import * as z from 'zod'
import { resolved, type Use } from './oracle.fixture.ts'
import { always, type Component, callers, type Plan, type Policy, templates } from './plan.fixture.ts'

/** That a component ran, for whom, and for whom its server was built. */
export interface Ran {
  component: Component
  /** `undefined`: it was only asked about. */
  use: Use | undefined
  /** Subjects. */
  caller: string | undefined
  builtFor: string | undefined
  /** What the handler asked for and was given. */
  passed?: readonly string[] | undefined
}

export interface Subject {
  fetch(request: Request): Promise<Response>
  close(): Promise<void>
  /** Since the last time it was emptied. */
  ran: Ran[]
}

interface User {
  roles: readonly string[]
}

export const endpoint = 'http://localhost/mcp'
const info = { name: 'fuzz', version: '1.0.0' }
const shared = { ttlMs: 60_000, cacheScope: 'public' } as const
const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} }

/** A server as planned, behind the gate with the plan's map. */
export function subject(plan: Plan): Subject {
  const ran: Ran[] = []
  const auth = resourceServer({
    resource: endpoint,
    authorizationServers: ['http://localhost'],
    scopes: { supported: { mcp: '', read: '', write: { description: '', implies: ['read'] }, sign: '' } },
    verifier: dangerouslyStaticTokens<User>(
      Object.fromEntries(
        Object.entries(callers).map(([token, { subject, scopes, roles }]) => [
          token,
          // `read` comes by implication.
          {
            subject,
            scopes: scopes.filter((s) => s !== 'read' || !scopes.includes('write')),
            user: { roles },
          },
        ]),
      ),
      { log: false },
    ),
    log: false,
  })
  const require: RequireOptions<User> = {
    scopes: [always],
    tools: requirementsOf(plan.components.filter(({ kind }) => kind === 'tool')),
    prompts: requirementsOf(plan.components.filter(({ kind }) => kind === 'prompt')),
    resources: requirementsOf([
      ...resourcesOf(plan),
      ...plan.sayings.map(({ key, policy }) => ({ name: key, policy })),
    ]),
    lists: plan.lists,
  }
  const options = {
    auth,
    require,
    sessions: plan.sessions,
    responses: plan.responses,
    allowedHosts: ['localhost'],
    onError: () => {},
    onNotice: () => {},
    // What is held back for a second is held back for some milliseconds.
    clock: {
      now: () => Date.now(),
      sleep: (ms: number) => new Promise<void>((wake) => setTimeout(wake, ms / 50)),
    },
    ...(plan.public && { public: publicOf(plan) }),
  }
  const record = (builtFor: string | undefined, component: Component, use?: Use) => {
    const caller = getAuth()?.extra.subject
    ran.push({ component, use, caller, builtFor })
    if (!component.asks || !use) return
    requireAuth({ scopes: component.asks })
    ran.push({ component, use, caller, builtFor, passed: component.asks })
  }
  type Context = Pick<ServerContext<User, undefined>, 'auth'>
  const made =
    plan.line === 'v1'
      ? mcpV1({
          ...options,
          server: ({ auth }: Context) => {
            const run: Run = (component, use) => record(auth?.extra.subject, component, use)
            return plan.server === 'registry' ? registryV1(plan, run) : methodsV1(plan, run)
          },
        })
      : mcpV2({
          ...options,
          server: ({ auth }: Context) => {
            const run: Run = (component, use) => record(auth?.extra.subject, component, use)
            return plan.server === 'registry' ? registryV2(plan, run) : methodsV2(plan, run)
          },
        })
  return { fetch: (request) => made.fetch(request), close: () => made.close(), ran }
}

type Run = (component: Component, use?: Use) => void

function resourcesOf({ components }: Plan): Component[] {
  return components.filter(({ kind }) => kind === 'resource' || kind === 'template')
}

function publicOf({ components, sayings, public: open }: Plan): PublicOptions {
  const names = (...kinds: string[]) =>
    components
      .filter(({ kind, policy }) => kinds.includes(kind) && policy.kind === 'public')
      .map(({ name }) => name)
  return {
    ...open,
    tools: names('tool'),
    prompts: names('prompt'),
    resources: [
      ...names('resource', 'template'),
      ...sayings.filter(({ policy }) => policy.kind === 'public').map(({ key }) => key),
    ],
  }
}

function requirementsOf(all: readonly { name: string; policy: Policy }[]): Record<string, never> {
  // Own members, whatever they are called.
  return Object.fromEntries(
    all
      .filter(({ policy }) => policy.kind !== 'free' && policy.kind !== 'public')
      .map(({ name, policy }) => [name, requirementOf(policy) as never]),
  )
}

function requirementOf(policy: Policy): unknown {
  switch (policy.kind) {
    case 'scopes':
      return policy.scopes
    case 'any':
      return { anyScope: policy.any, ...(policy.scopes.length > 0 && { scopes: policy.scopes }) }
    case 'roles':
      return { roles: policy.roles, scopes: policy.scopes }
    case 'amount':
      return (_: unknown, args?: { amount?: unknown }) => (Number(args?.amount) > 100 ? [policy.scope] : true)
    case 'own':
      return ({ extra }: { extra: { subject: string } }, given?: { uri: string }) =>
        given === undefined || given.uri.includes(extra.subject)
    case 'judged':
      return () => policy.scopes
    case 'never':
      return () => false
    case 'unlisted':
      return (_: unknown, given: unknown) => given !== undefined
    case 'throws':
      return () => {
        throw new Error('judges nobody')
      }
    case 'promise':
      return async () => true
    case 'ungrantable':
      return () => ['moon']
    case 'free':
    case 'public':
      return undefined
  }
}

const described = ({ id }: Component) => `mark-${id}`
const text = ({ id }: Component) => ({
  content: [{ type: 'text' as const, text: `ran ${id} for ${getAuth()?.extra.subject}` }],
})
const message = ({ id }: Component) => ({
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: `ran ${id}` } }],
})
const contents = ({ id }: Component, uri: string) => ({ contents: [{ uri, text: `ran ${id}` }] })

function registryV1({ components }: Plan, run: Run): McpServerV1 {
  const server = new McpServerV1(info)
  for (const component of components) {
    const { kind, name } = component
    const description = described(component)
    const read = (uri: URL) => {
      run(component, { uri: uri.href })
      return contents(component, uri.href)
    }
    const complete = () => {
      run(component)
      return ['completed']
    }
    if (kind === 'tool') {
      server.registerTool(name, { description, inputSchema: z.looseObject({}) }, (args) => {
        run(component, { args })
        return text(component)
      })
    } else if (kind === 'prompt') {
      const argsSchema = { amount: completableV1(z.string().optional(), complete) }
      server.registerPrompt(name, { description, argsSchema }, (args) => {
        run(component, { args })
        return message(component)
      })
    } else if (kind === 'resource') server.registerResource(component.id, name, { description }, read)
    else {
      const template = new ResourceTemplateV1(name, { list: undefined, complete: completes(complete) })
      server.registerResource(component.id, template, { description }, read)
    }
  }
  return server
}

function registryV2({ components }: Plan, run: Run): McpServerV2 {
  const methods = ['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list']
  const cacheHints = Object.fromEntries(methods.map((method) => [method, shared]))
  const server = new McpServerV2(info, { cacheHints, capabilities: { resources: { subscribe: true } } })
  for (const component of components) {
    const { kind, name } = component
    const description = described(component)
    const read = (uri: URL) => {
      run(component, { uri: uri.href })
      return contents(component, uri.href)
    }
    const complete = () => {
      run(component)
      return ['completed']
    }
    if (kind === 'tool') {
      server.registerTool(name, { description, inputSchema: z.looseObject({}) }, (args) => {
        run(component, { args })
        return text(component)
      })
    } else if (kind === 'prompt') {
      const argsSchema = z.object({ amount: completableV2(z.string(), complete).optional() })
      server.registerPrompt(name, { description, argsSchema }, (args) => {
        run(component, { args })
        return message(component)
      })
    } else if (kind === 'resource') {
      server.registerResource(component.id, name, { description, cacheHint: shared }, read)
    } else {
      const template = new ResourceTemplateV2(name, { list: undefined, complete: completes(complete) })
      server.registerResource(component.id, template, { description, cacheHint: shared }, read)
    }
  }
  return server
}

function completes(complete: () => string[]): Record<string, () => string[]> {
  return { id: complete, path: complete, user: complete, a: complete, b: complete }
}

type Params = Readonly<Record<string, unknown>>

/** What a server does that looks things up by itself. */
function answersOf(plan: Plan, run: Run): Record<string, (params: Params) => object> {
  const { components, readsUris } = plan
  const listed = (kind: string, member: string, key: string) => () => ({
    [member]: components
      .filter((component) => component.kind === kind)
      .map((component) => ({
        name: component.name,
        [key]: component.name,
        description: described(component),
        ...(kind === 'tool' && { inputSchema: { type: 'object' } }),
      })),
    ...(plan.line === 'v2' && shared),
  })
  const named = (kind: string, name: unknown) => {
    const found = components.find((component) => component.kind === kind && component.name === name)
    if (!found) throw new Error('not found')
    return found
  }
  const at = (sent: unknown) => {
    if (typeof sent !== 'string') throw new Error('not a URI')
    const uri = readsUris === 'resolved' ? resolved(sent) : sent
    const found =
      components.find(({ kind, name }) => kind === 'resource' && name === uri) ??
      components.find(({ kind, name }) => kind === 'template' && templates[name]?.test(uri))
    if (!found) throw new Error('not found')
    // As it was before encodings were undone: the oracle undoes them itself, and a second time would be another URI.
    return { found, uri: readsUris === 'resolved' && URL.canParse(sent) ? new URL(sent).href : sent }
  }
  const uses = ({ uri: sent }: Params) => {
    const { found, uri } = at(sent)
    run(found, { uri })
    return { found, uri }
  }
  return {
    'tools/list': listed('tool', 'tools', 'name'),
    'prompts/list': listed('prompt', 'prompts', 'name'),
    'resources/list': listed('resource', 'resources', 'uri'),
    'resources/templates/list': listed('template', 'resourceTemplates', 'uriTemplate'),
    'tools/call'({ name, arguments: args = {} }) {
      const found = named('tool', name)
      run(found, { args: args as Params })
      return text(found)
    },
    'prompts/get'({ name, arguments: args = {} }) {
      const found = named('prompt', name)
      run(found, { args: args as Params })
      return message(found)
    },
    'resources/read'(params) {
      const { found, uri } = uses(params)
      return { ...contents(found, uri), ...(plan.line === 'v2' && shared) }
    },
    'resources/subscribe'(params) {
      uses(params)
      return {}
    },
    'resources/unsubscribe'(params) {
      uses(params)
      return {}
    },
    'completion/complete'({ ref }) {
      const { type, name, uri } = Object(ref)
      run(type === 'ref/prompt' ? named('prompt', name) : named('template', uri))
      return { completion: { values: ['completed'] } }
    },
  }
}

function methodsV1(plan: Plan, run: Run): ServerV1 {
  const server = new ServerV1(info, { capabilities })
  for (const [method, answer] of Object.entries(answersOf(plan, run))) {
    const schema = z.looseObject({ method: z.literal(method), params: z.looseObject({}).optional() })
    server.setRequestHandler(schema, ({ params = {} }) => ({ ...answer(params) }))
  }
  return server
}

function methodsV2(plan: Plan, run: Run): ServerV2 {
  const server = new ServerV2(info, { capabilities })
  for (const [method, answer] of Object.entries(answersOf(plan, run))) {
    // Of revisions that have no such method, the SDK lets nothing through.
    server.setRequestHandler(method as 'tools/list', ({ params = {} }) => answer(params) as never)
  }
  return server
}
