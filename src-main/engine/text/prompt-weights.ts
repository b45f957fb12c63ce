/** A stretch of a prompt and the factor on its tokens' embeddings; 1 = plain. */
export interface WeightedPart {
  readonly text: string;
  readonly weight: number;
}

const EMPHASIS = 1.1;
const NUMBER_AT_END = /:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/;

/**
 * Parses the attention syntax that artists know from stable-diffusion-webui: `(word)` = 1.1, `((word))` = 1.21,
 * `(word:1.3)`, `[word]` = 1/1.1, nested factors multiply, and `\(` `\)` `\[` `\]` stand for the characters
 * themselves (other backslashes stay as they are). Unlike there, a bracket without its partner is literal text, so a
 * ":)" weighs nothing up.
 * @returns parts in order, neighbours of equal weight joined, none empty; a prompt without syntax is one part of
 * weight 1 with exactly that text, and so is the empty prompt.
 */
export function parsePromptWeights(prompt: string): WeightedPart[] {
  const partner = matchBrackets(prompt);
  const parts: { text: string; weight: number }[] = [];
  const push = (text: string, weight: number): void => {
    if (text === '') return;
    const last = parts.at(-1);
    if (last && last.weight === weight) last.text += text;
    else parts.push({ text, weight });
  };
  // An own stack: a prompt of thousands of brackets must not exhaust the engine's.
  const open: { end: number; resume: number; weight: number }[] = [];
  let weight = 1;
  let at = 0;
  for (;;) {
    const group = open.at(-1);
    if (group && at >= group.end) {
      weight = group.weight;
      at = group.resume;
      open.pop();
      continue;
    }
    if (at >= prompt.length) break;
    const close = partner.get(at);
    if (close !== undefined) {
      const explicit = prompt[at] === '(' ? numberBefore(prompt, at + 1, close) : undefined;
      open.push({ end: explicit?.at ?? close, resume: close + 1, weight });
      weight *= prompt[at] === '[' ? 1 / EMPHASIS : (explicit?.value ?? EMPHASIS);
      at++;
    } else if (isEscape(prompt, at)) {
      push(prompt[at + 1]!, weight);
      at += 2;
    } else push(prompt[at++]!, weight);
  }
  return parts.length > 0 ? parts : [{ text: '', weight: 1 }];
}

function isEscape(prompt: string, at: number): boolean {
  return prompt[at] === '\\' && /[()[\]\\]/.test(prompt[at + 1] ?? '');
}

/** Opening bracket -> its closing one, for the pairs that nest properly. */
function matchBrackets(prompt: string): Map<number, number> {
  const partner = new Map<number, number>();
  const open: number[] = [];
  const waiting = { '(': 0, '[': 0 };
  for (let i = 0; i < prompt.length; i++) {
    const char = prompt[i];
    if (isEscape(prompt, i)) i++;
    else if (char === '(' || char === '[') {
      open.push(i);
      waiting[char]++;
    } else if (char === ')' || char === ']') {
      const wanted = char === ')' ? '(' : '[';
      if (waiting[wanted] === 0) continue;
      for (;;) {
        const start = open.pop()!;
        const kind = prompt[start] as '(' | '[';
        waiting[kind]--;
        if (kind === wanted) {
          partner.set(start, i);
          break;
        }
      }
    }
  }
  return partner;
}

/** The `:1.3` before a closing bracket: where its colon is, and the number. */
function numberBefore(
  prompt: string,
  start: number,
  close: number,
): { at: number; value: number } | undefined {
  const from = Math.max(start, close - 40);
  const found = NUMBER_AT_END.exec(prompt.slice(from, close));
  if (!found) return undefined;
  const value = Number(found[1]);
  return Number.isFinite(value) ? { at: from + found.index, value } : undefined;
}
