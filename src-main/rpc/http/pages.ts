/** Pages for people where there is no window to show; plain, since the security policy allows no inline styles. */
export function refusedPage(message: string): string {
  return page(
    'A token is needed',
    `<p>${escapeHtml(message)}</p><p>Open the whole address that <code>inbetween serve</code> has printed: it ends in <code>?token=…</code></p>`,
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
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Inbetween: ${title}</title></head><body><h1>${title}</h1>${body}</body></html>\n`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
