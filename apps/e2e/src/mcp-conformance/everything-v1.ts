import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListToolsRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import * as z from 'zod'
import { capabilities, prompts, resources, schema2020, template, tools } from './everything.ts'

/** The server of the conformance suite, built with `@modelcontextprotocol/sdk`. */
export function everythingV1(): McpServer {
  const server = new McpServer({ name: 'everything', version: '1.0.0' }, { capabilities })
  for (const [name, { description, arguments: inputSchema, run }] of Object.entries(tools)) {
    server.registerTool(name, { description, inputSchema }, (args, extra) =>
      run(args, {
        progressToken: extra._meta?.progressToken,
        notify: (method, params) => extra.sendNotification({ method, params } as never),
        ask: (method, params) =>
          extra.sendRequest(
            { method, params } as never,
            method === 'sampling/createMessage' ? CreateMessageResultSchema : ElicitResultSchema,
          ),
        ...(extra.closeSSEStream && { closeStream: extra.closeSSEStream }),
      }),
    )
  }
  // `registerTool` of this line takes no JSON Schema; its inner server lists what it is told to.
  server.server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [
      ...Object.entries(tools).map(([name, tool]) => ({
        name,
        description: tool.description,
        inputSchema: listed(z.toJSONSchema(tool.arguments)),
      })),
      { name: 'json_schema_2020_12_tool', description: 'Takes much', inputSchema: listed(schema2020) },
    ],
  }))
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
    const argsSchema = prompt.arguments?.shape ?? {}
    server.registerPrompt(name, { description: prompt.description, argsSchema }, (args) => ({
      messages: prompt.contents(args).map((content) => ({ role: 'user' as const, content })),
    }))
  }
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}))
  server.server.setRequestHandler(CompleteRequestSchema, () => ({
    completion: { values: [], total: 0, hasMore: false },
  }))
  return server
}

function listed(schema: object): { type: 'object' } {
  return { ...schema, type: 'object' }
}
