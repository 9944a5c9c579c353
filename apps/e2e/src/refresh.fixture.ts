import { world } from './world.ts'

export async function signedIn(
  options: Parameters<typeof world>[0] = {},
  metadata: Record<string, unknown> = {},
) {
  const w = world(options)
  const app = w.client()
  await app.register(metadata)
  const first = await app.login(w.browser(), { user: 'octocat' })
  return { ...w, app, first }
}

/** The same internet, but the server's own address is another instance. */
export function through(auth: ReturnType<typeof world>['auth'], fetch: ReturnType<typeof world>['fetch']) {
  return async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init)
    return (await auth.handle(request.clone())) ?? fetch(request)
  }
}
