import type { ClientKey } from './client-key.ts'
import type { Product } from './product.ts'

/** What a fetch of a document brings. */
export interface FetchedDocument {
  status: number
  headers: Headers
  body: Uint8Array
}

/** The metadata document of a product, with the `client_id` that it is known by. Undefined where it has none. */
export function metadataDocument({ ways }: Product): Readonly<Record<string, unknown>> | undefined {
  return ways.document && { client_id: ways.document.url, ...ways.document.metadata }
}

/**
 * The web as far as these products publish something there: their metadata documents, and the keys these point to. Takes
 * the place of what a server fetches documents with; anything else is 404.
 *
 * @param key whose public half is behind every `jwks_uri`
 * @example
 * ```ts
 * const fetchDocument = publishedDocuments(products, await clientKey())
 * const { body } = await fetchDocument('https://vscode.dev/oauth/client-metadata.json')
 * ```
 */
export function publishedDocuments(
  products: readonly Product[],
  key?: ClientKey | undefined,
): (url: string | URL) => Promise<FetchedDocument> {
  const pages = new Map<string, { json: unknown; cacheControl: string }>()
  for (const product of products) {
    const { document } = product.ways
    if (!document) continue
    const { url, cacheControl, metadata } = document
    pages.set(url, { json: metadataDocument(product), cacheControl })
    if (key && typeof metadata.jwks_uri === 'string') {
      pages.set(metadata.jwks_uri, { json: { keys: [key.jwk] }, cacheControl })
    }
  }
  return async (url) => {
    const page = pages.get(String(url))
    const headers = new Headers({ 'content-type': 'application/json' })
    if (page) headers.set('cache-control', page.cacheControl)
    const body = new TextEncoder().encode(JSON.stringify(page ? page.json : { error: 'not_found' }))
    return { status: page ? 200 : 404, headers, body }
  }
}
