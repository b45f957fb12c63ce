import { createHash } from 'node:crypto';
import type { Refusal } from './access.ts';

const STYLE = [
  ':root{color-scheme:light dark}',
  'body{display:grid;place-content:center;min-height:100vh;margin:0;padding:24px;box-sizing:border-box;font:15px/1.5 system-ui,sans-serif;background:#e9eaed;color:#191b1f}',
  'main{max-width:34em}',
  'h1{font-size:22px;font-weight:600;margin:0 0 8px}',
  'p{margin:0 0 8px}',
  '@media(prefers-color-scheme:dark){body{background:#111215;color:#eceef1}}',
].join('');

/** What these pages may load: nothing but the style inside. */
export const PAGE_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Pages for people where there is no window to show. */
export function refusedPage({ status, message }: Refusal): string {
  if (status !== 401) return page('Not let in', `<p>${escapeHtml(message)}</p>`);
  return page(
    'A token is needed',
    `<p>${escapeHtml(message)} The address that <code>inbetween serve</code> has printed ends in <code>?token=…</code></p>`,
  );
}

/** Shown while no window has been built. */
export function runningPage(version: string, address: string): string {
  return page(
    'The host is running',
    `<p>Inbetween ${escapeHtml(version)} is running at <code>${escapeHtml(address)}</code>, without a window of its own: this build has none.</p><p>A desktop studio connects to this address with the token that <code>inbetween serve</code> has printed.</p>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Inbetween: ${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>\n`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
