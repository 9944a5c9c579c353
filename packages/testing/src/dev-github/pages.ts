/** The sign-in page: one form, one button for each user. */
export function signInPage(app: string, scopes: readonly string[], users: readonly Person[]): Response {
  const people = users.map(
    ({ login, name }) => `
      <button name="login" value="${escaped(login)}">
        <span class="face" style="background: hsl(${hue(login)} 45% 45%)">${escaped(login.slice(0, 1).toUpperCase())}</span>
        <span><b>${escaped(name ?? login)}</b>${name ? `<small>${escaped(login)}</small>` : ''}</span>
      </button>`,
  )
  const asks = scopes.length === 0 ? 'nothing beyond public information' : scopes.join(', ')
  return page(
    200,
    'Sign in',
    `
    <h1>Sign in to continue to <b>${escaped(app)}</b></h1>
    <p>It asks for: <code>${escaped(asks)}</code></p>
    <form method="post">${people.join('')}
      <button class="plain" name="decision" value="deny">Cancel</button>
    </form>`,
  )
}

export function errorPage(status: number, title: string, text: string): Response {
  return page(status, title, `<h1>${escaped(title)}</h1><p>${escaped(text)}</p>`)
}

interface Person {
  login: string
  name?: string | undefined
}

function page(status: number, title: string, body: string): Response {
  return new Response(
    `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escaped(title)} - development provider</title>
  <style>${STYLE}</style>
</head>
<body>
  <main>
    <p class="banner">Development identity provider. No password, no security: never expose it.</p>
    ${body}
  </main>
</body>
</html>`,
    {
      status,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      },
    },
  )
}

const STYLE = `
  :root { color-scheme: light dark; --line: #d0d7de; --back: #f6f8fa; --card: #fff; --text: #1f2328; --soft: #59636e }
  @media (prefers-color-scheme: dark) {
    :root { --line: #3d444d; --back: #0d1117; --card: #151b23; --text: #f0f6fc; --soft: #9198a1 }
  }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--back);
    color: var(--text); font: 15px/1.5 system-ui, sans-serif }
  main { width: min(360px, 100vw - 64px); padding: 28px; background: var(--card); border: 1px solid var(--line);
    border-radius: 12px }
  .banner { margin: -28px -28px 24px; padding: 8px 28px; border-radius: 12px 12px 0 0; background: #9a6700;
    color: #fff; font-size: 13px }
  h1 { margin: 0 0 4px; font-size: 19px; font-weight: 500 }
  p { margin: 0 0 20px; color: var(--soft) }
  code { font-size: 13px }
  button { display: flex; gap: 12px; align-items: center; width: 100%; margin-top: 8px; padding: 10px 12px;
    border: 1px solid var(--line); border-radius: 8px; background: none; color: inherit; font: inherit;
    text-align: left; cursor: pointer }
  button:hover, button:focus-visible { border-color: #0969da }
  .plain { justify-content: center; border: 0; color: var(--soft) }
  .face { display: grid; place-items: center; width: 32px; height: 32px; border-radius: 50%; color: #fff }
  b, small { display: block; font-weight: 600 }
  h1 b { display: inline }
  small { font-weight: 400; color: var(--soft) }
`

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function hue(text: string): number {
  return [...text].reduce((sum, character) => sum + character.charCodeAt(0) * 37, 0) % 360
}
