import {
  fromJsonSchema,
  McpServer,
  ResourceTemplate,
  type ServerNotifier,
} from '@modelcontextprotocol/server'
import * as z from 'zod'
import { capabilities, prompts, resources, schema2020, template, text, tools } from './everything.ts'
import { registerInputRequired, requestState } from './input-required.ts'

/**
 * The server of the conformance suite, built with `@modelcontextprotocol/server`.
 *
 * @param notifier tells subscribed clients that a list has changed
 */
export function everythingV2(notifier: () => ServerNotifier): McpServer {
  const server = new McpServer({ name: 'everything', version: '1.0.0' }, { capabilities, requestState })
  for (const [name, { description, arguments: inputSchema, run }] of Object.entries(tools)) {
    server.registerTool(name, { description, inputSchema }, (args, { mcpReq, http }) =>
      run(args, {
        progressToken: mcpReq._meta?.progressToken,
        notify: (method, params) => mcpReq.notify({ method, params } as never),
        ask: (method, params) => mcpReq.send({ method, params } as never),
        ...(http?.closeSSE && { closeStream: http.closeSSE }),
      }),
    )
  }
  registerInputRequired(server)
  registerForStateless(server, notifier)
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Takes much', inputSchema: fromJsonSchema(schema2020) },
    (args) => text(JSON.stringify(args)),
  )
  for (const { name, uri, description, mimeType, contents } of resources) {
    server.registerResource(name, uri, { description, mimeType }, async () => ({
      contents: [{ uri, mimeType, ...contents }],
    }))
  }
  const { uri, description, mimeType, read } = template
  server.registerResource(
    'template',
    new ResourceTemplate(uri, { list: undefined }),
    { description, mimeType },
    async (url, { id }) => ({ contents: [{ uri: url.href, mimeType, text: read(String(id)) }] }),
  )
  for (const [name, prompt] of Object.entries(prompts)) {
    const argsSchema = prompt.arguments ?? z.object({})
    server.registerPrompt(name, { description: prompt.description, argsSchema }, (args) => ({
      messages: prompt.contents(args).map((content) => ({ role: 'user' as const, content })),
    }))
  }
  server.server.setRequestHandler('resources/subscribe', () => ({}))
  server.server.setRequestHandler('resources/unsubscribe', () => ({}))
  server.server.setRequestHandler('completion/complete', () => ({
    completion: { values: [], total: 0, hasMore: false },
  }))
  return server
}

/** What the scenarios of the protocol without sessions look for. */
function registerForStateless(server: McpServer, notifier: () => ServerNotifier): void {
  const inputSchema = z.object({})
  server.registerTool('test_streaming_elicitation', { description: 'Only answers', inputSchema }, () =>
    text('answered'),
  )
  server.registerTool('test_logging_tool', { description: 'Logs', inputSchema }, async (_, { mcpReq }) => {
    await mcpReq.log('info', 'for who asked for it')
    return text('logged')
  })
  server.registerTool('test_trigger_tool_change', { description: 'Tools change', inputSchema }, () => {
    notifier().toolsChanged()
    return text('told')
  })
  server.registerTool('test_trigger_prompt_change', { description: 'Prompts change', inputSchema }, () => {
    notifier().promptsChanged()
    return text('told')
  })
  const properties = {
    region: { type: 'string', 'x-mcp-header': 'Region' },
    level: { type: 'integer' },
  } as const
  server.registerTool(
    'test_x_mcp_header',
    {
      description: 'Its region is in a header, too',
      inputSchema: fromJsonSchema<{ region?: string }>({ type: 'object', properties }),
    },
    ({ region }) => text(`region: ${region}`),
  )
}
