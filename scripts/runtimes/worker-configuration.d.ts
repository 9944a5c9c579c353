/** As `wrangler types` writes it for the Workers in our pages and tests. */
declare module 'cloudflare:workers' {
  export const env: {
    readonly DB: import('@drawbridge/d1').D1Binding
    readonly ISSUER: string
    readonly GITHUB: string
    readonly SECRET: string
    readonly GATE: string
    readonly DRAWBRIDGE_SECRET: string
  }
}
