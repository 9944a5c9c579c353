/**
 * The URL if a page may link to it: http or https, nothing that reads differently in two parsers, and no user name that
 * could pass for the host.
 */
export function webUrl(value: string): URL | undefined {
  if (!/^https?:\/\/[^\s\\\p{Cc}]+$/iu.test(value) || !URL.canParse(value)) return undefined
  const url = new URL(value)
  return url.username || url.password ? undefined : url
}
