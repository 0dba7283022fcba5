import { html, type Markup, trusted } from './markup.ts';

export interface Page {
  readonly title: string;
  /** Our own CSS. */
  readonly style: string;
  /** What stands in `main`. */
  readonly content: Markup;
  /** Our own program and the data that it reads; absent: the page runs nothing. */
  readonly script?: {
    readonly text: string /** SHA-256 in base64. */;
    readonly hash: string;
    readonly data: Markup;
  };
}

/** A whole HTML document that loads nothing: its policy allows what stands in it, and no more. */
export function htmlPage({ title, style, content, script }: Page): string {
  const scripts = script === undefined ? '' : ` script-src 'sha256-${script.hash}';`;
  const policy = `default-src 'none'; style-src 'unsafe-inline';${scripts} base-uri 'none'; form-action 'none'`;
  const { markup } = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<title>${title}</title>
<style>${trusted(style)}</style>
</head>
<body>
<main>
${content}
</main>${
    script &&
    html`
<script type="application/json" id="data">${script.data}</script>
<script>${trusted(script.text)}</script>`
  }
</body>
</html>
`;
  return markup;
}
