import { black, type Colour, mix, parseColour, standingOut, textOn, toHex, white } from './colour.ts'
import type { Appearance } from './theme.ts'

const light = {
  page: '#f3f4f6',
  card: '#ffffff',
  sunken: '#f8f9fb',
  text: '#15181e',
  quiet: '#555c69',
  line: '#dcdfe5',
  warn: '#fff4da',
  'on-warn': '#6a4300',
  good: '#e6f4ea',
  'on-good': '#175a38',
}

const dark: typeof light = {
  page: '#0e1014',
  card: '#171a20',
  sunken: '#1d2128',
  text: '#eceef2',
  quiet: '#a7aebb',
  line: '#2f343e',
  warn: '#33280f',
  'on-warn': '#f5d28c',
  good: '#14301f',
  'on-good': '#93dbb0',
}

const defaultAccent: Colour = [28, 87, 140]
const defaultAccentDark: Colour = [125, 184, 240]

/**
 * The stylesheet of every page. All that varies in it are colours that were parsed and written again, so nothing
 * from the configuration reaches it as text.
 */
export function stylesheet(appearance: Appearance): string {
  const { accent = defaultAccent } = appearance
  const accentDark =
    appearance.accentDark ??
    (appearance.accent ? standingOut(appearance.accent, cardOf(dark), 4.5) : defaultAccentDark)
  const text = `:root{color-scheme:light dark;${variables(light, accent)}}
@media (prefers-color-scheme:dark){:root{${variables(dark, accentDark)}}}
${rules}`
  return text.replace(/\n\s*/g, '')
}

function variables(palette: typeof light, accent: Colour): string {
  const onAccent = textOn(accent)
  const colours: Record<string, string> = {
    ...palette,
    accent: toHex(accent),
    'on-accent': toHex(onAccent),
    // Away from its text, so that pointing at a button makes it easier to read.
    'accent-hover': toHex(mix(accent, onAccent === white ? black : white, 0.15)),
    // A pale accent on a white card would otherwise be a button without edges.
    'accent-edge': toHex(standingOut(accent, cardOf(palette), 3)),
  }
  return Object.entries(colours)
    .map(([name, value]) => `--${name}:${value};`)
    .join('')
}

function cardOf(palette: typeof light): Colour {
  return parseColour(palette.card) ?? white
}

const rules = `
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{
  margin:0;
  min-height:100vh;
  min-height:100dvh;
  display:flex;
  flex-direction:column;
  align-items:center;
  gap:1.25rem;
  padding:clamp(1rem,6vh,4.5rem) 1rem 1.5rem;
  background:var(--page);
  color:var(--text);
  font:1rem/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
  overflow-wrap:anywhere;
}
h1,h2,p,dl,dd,ul{margin:0;padding:0}
h1{font-size:1.5rem;line-height:1.25;font-weight:650;letter-spacing:-.01em;text-wrap:balance}
[dir=rtl] h1{letter-spacing:0}
h2{font-size:.875rem;line-height:1.4;font-weight:600;color:var(--quiet)}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
a{color:inherit;text-decoration-color:var(--accent-edge);text-underline-offset:.2em}
a:hover{text-decoration-thickness:.15em}
:focus-visible{outline:.1875rem solid var(--text);outline-offset:.1875rem;border-radius:.25rem}
.quiet{color:var(--quiet)}
.small{font-size:.875rem}
.brand{display:flex;align-items:center;gap:.625rem;max-width:30rem;font-weight:600}
.brand img{display:block;width:auto;height:2rem;max-width:8rem;object-fit:contain}
.card{
  width:100%;
  max-width:30rem;
  display:flex;
  flex-direction:column;
  gap:1.25rem;
  padding:2rem;
  background:var(--card);
  border:1px solid var(--line);
  border-radius:1rem;
  box-shadow:0 1px 2px rgb(0 0 0/.04),0 8px 32px rgb(0 0 0/.06);
}
.intro{display:flex;flex-direction:column;gap:.625rem}
.facts{border:1px solid var(--line);border-radius:.75rem;background:var(--sunken)}
.facts>div{display:grid;grid-template-columns:6.5rem 1fr;gap:.125rem 1rem;align-items:baseline;padding:.75rem 1rem}
.facts>div+div{border-top:1px solid var(--line)}
dt{font-size:.875rem;line-height:1.5;color:var(--quiet)}
b{margin-inline-end:.25rem;font-weight:600}
.badge{
  display:inline-block;
  padding:.0625rem .5rem;
  border-radius:1rem;
  font-size:.8125rem;
  font-weight:600;
  vertical-align:.0625em;
  border:1px solid var(--line);
  background:var(--card);
  color:var(--quiet);
}
.badge.good{background:var(--good);border-color:var(--good);color:var(--on-good)}
.notice{
  position:relative;
  padding:.75rem 1rem;
  padding-inline-start:3rem;
  border-radius:.75rem;
  background:var(--warn);
  color:var(--on-warn);
}
.notice::before{
  content:"!";
  content:"!" / "";
  position:absolute;
  inset-inline-start:1rem;
  top:.8125rem;
  width:1.25rem;
  height:1.25rem;
  border:.125rem solid;
  border-radius:50%;
  font-size:.875rem;
  line-height:1rem;
  font-weight:700;
  text-align:center;
}
.notice strong{display:block;font-weight:600}
.facts p,.facts .check{margin-top:.25rem}
.facts strong{display:block;font-weight:500}
.facts .notice{margin-top:.5rem;padding:.5rem .75rem;font-size:.875rem}
.facts .notice::before{content:none}
.scopes{list-style:none;margin-top:.5rem;display:flex;flex-direction:column;gap:.5rem}
.scopes li{position:relative;padding-inline-start:1.75rem}
.scopes li::before{
  content:"";
  position:absolute;
  inset-inline-start:.375rem;
  top:.35rem;
  width:.375rem;
  height:.6875rem;
  border:solid var(--accent-edge);
  border-width:0 .125rem .125rem 0;
  transform:rotate(45deg);
}
form{display:flex;flex-direction:column;gap:.75rem}
button,.button{
  display:block;
  width:100%;
  min-height:3rem;
  padding:.6875rem 1rem;
  border:1px solid var(--accent-edge);
  border-radius:.625rem;
  background:var(--accent);
  color:var(--on-accent);
  font:inherit;
  font-weight:600;
  text-align:center;
  text-decoration:none;
  overflow-wrap:anywhere;
  cursor:pointer;
}
button:hover,.button:hover{background:var(--accent-hover)}
.choice,.plain{background:var(--card);color:var(--text)}
.plain{border-color:var(--line)}
[value=deny]{border-color:transparent;color:var(--quiet)}
.check{display:flex;align-items:center;gap:.625rem;min-height:2.75rem;cursor:pointer}
.check input{flex:none;width:1.25rem;height:1.25rem;margin:0;accent-color:var(--accent-edge)}
.field{display:block;font-size:.875rem;font-weight:600}
.mark{width:1.25rem;height:1.25rem;vertical-align:-.25rem;margin-inline-end:.375rem}
.choice:hover,.plain:hover{background:var(--sunken)}
button:focus-visible,.button:focus-visible{border-radius:.625rem}
summary{width:fit-content;cursor:pointer;font-size:.875rem;color:var(--quiet)}
.details{margin-top:.75rem;display:flex;flex-direction:column;gap:.625rem;font-size:.875rem}
input:not([type=checkbox]){
  width:100%;
  margin-top:.375rem;
  padding:.625rem .75rem;
  border:1px solid var(--quiet);
  border-radius:.5rem;
  background:var(--sunken);
  color:var(--text);
  font:inherit;
  font-size:1rem;
  font-weight:400;
}
input[readonly]:not([type=checkbox]){font:.875rem/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
footer{max-width:30rem;text-align:center;font-size:.8125rem;color:var(--quiet)}
@media (max-width:30rem){
  body{gap:1rem;padding:1rem .75rem}
  .card{gap:1rem;padding:1.25rem 1rem}
  h1{font-size:1.375rem}
  .facts>div{grid-template-columns:1fr;gap:0;padding:.5rem .75rem}
  .facts .small,.facts .notice,.check{line-height:1.4}
}
.held{list-style:none;display:flex;flex-direction:column;gap:1rem}
.held>li{
  display:flex;
  flex-direction:column;
  gap:.75rem;
  padding:1rem;
  border:1px solid var(--line);
  border-radius:.75rem;
  scroll-margin-top:1rem;
}
.held>li:target,.everything:target{outline:.125rem solid var(--accent-edge);outline-offset:.125rem}
.held h2,.held h3{display:inline;margin:0;font-size:1.0625rem;font-weight:650;color:var(--text)}
.held .facts{border:0;border-radius:0;background:none}
.held .facts>div{padding:.5rem 0}
.held .facts>div:first-child{padding-top:0}
section>.held{margin-top:.75rem}
.everything{padding:.75rem 1rem;border:1px solid var(--line);border-radius:.75rem}
.everything[open]>summary{margin-bottom:.5rem}
.everything>button{margin-top:.75rem}
.notice.good{background:var(--good);color:var(--on-good)}
.notice.good::before{content:"✓";content:"✓" / ""}
`
