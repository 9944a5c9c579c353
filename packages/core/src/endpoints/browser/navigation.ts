/**
 * Whether the person came by themselves: they typed the address, came from a page of ours, or from the site that the answer
 * goes to. Anybody else may have sent them, to have something let in that they do not see (GHSA-6x8h-498w-gv8c). Redirects
 * change neither header.
 */
export function isOfThePerson(request: Pick<Request, 'headers'>, redirect_uri: string): boolean {
  const { headers } = request
  // In a frame, somebody else's page is around it.
  if ((headers.get('sec-fetch-dest') ?? 'document') !== 'document') return false
  const site = headers.get('sec-fetch-site')
  if (site === 'same-origin' || site === 'none') return true
  const referer = headers.get('referer') ?? ''
  return URL.canParse(referer) && new URL(referer).origin === new URL(redirect_uri).origin
}
