import type { z } from 'zod';

type Path = readonly PropertyKey[];
type Schema = z.core.$ZodType;

/**
 * One sentence for what a schema found: the path, the value, and what is accepted there, for instance
 * `keyframes[2].seed is "abc"; accepted is a whole number from 0 to 2^53 - 1.`
 * The schema's error texts say what is accepted.
 */
export function describeIssues(schema: Schema, input: unknown, issues: readonly z.core.$ZodIssue[]): string {
  const issue = innermost(issues);
  if (issue === undefined) return 'The value is not accepted.';
  if (issue.code === 'unrecognized_keys') return unknownKey(schema, issue.path, issue.keys[0] ?? '');
  const value = valueAt(input, issue.path);
  const where = issue.path.length === 0 ? 'The document' : formatPath(issue.path);
  if (value === undefined) return `${where} is missing; accepted is ${issue.message}.`;
  return `${where} is ${show(value)}; accepted is ${issue.message}.`;
}

/** `keyframes[2].seed`. */
export function formatPath(path: Path): string {
  return path
    .map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

/** A short form of a value for messages. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, (_key, part) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
  );
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (text === undefined) return String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Of several issues the one to tell: wrong keys first (they explain missing ones), then the first. */
function innermost(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue?.code !== 'invalid_union') return issue;
  // The alternative that went deepest is the one that was meant.
  const inner = issue.errors
    .map((alternative) => innermost(alternative))
    .filter((found) => found !== undefined)
    .filter((found) => found.path.length > 0 || found.code === 'unrecognized_keys' || isFinal(found))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (inner === undefined) return issue;
  return { ...inner, path: [...issue.path, ...inner.path] };
}

/** The type was right and a rule was broken: this alternative was meant. */
function isFinal(issue: z.core.$ZodIssue): boolean {
  return issue.code !== 'invalid_type' && issue.code !== 'invalid_value' && issue.code !== 'invalid_union';
}

function unknownKey(schema: Schema, path: Path, key: string): string {
  const known = keysAt(schema, path);
  const where = path.length === 0 ? 'The document' : formatPath(path);
  const near = nearest(key, known);
  const hint =
    near === undefined
      ? `known are ${known.join(', ')}`
      : `did you mean "${near}"? Known are ${known.join(', ')}`;
  return `${where} has an unknown key "${key}"; ${hint}.`;
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** The keys that the object schema at `path` knows. */
function keysAt(schema: Schema, path: Path): string[] {
  const def = schema._zod.def as z.core.$ZodTypeDef & {
    innerType?: Schema;
    element?: Schema;
    items?: readonly Schema[];
    shape?: Record<string, Schema>;
    options?: readonly Schema[];
  };
  if (def.innerType) return keysAt(def.innerType, path);
  if (def.options) {
    return def.options.map((option) => keysAt(option, path)).find((keys) => keys.length > 0) ?? [];
  }
  const [part, ...rest] = path;
  if (part === undefined) return def.shape ? Object.keys(def.shape) : [];
  const next = def.shape?.[String(part)] ?? def.items?.[Number(part)] ?? def.element;
  return next === undefined ? [] : keysAt(next, rest);
}

function nearest(key: string, known: readonly string[]): string | undefined {
  const wanted = key.toLowerCase().replace(/[^a-z0-9]/g, '');
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const plain = name.toLowerCase();
    const contained = wanted.length >= 3 && (plain.startsWith(wanted) || wanted.startsWith(plain));
    const distance = contained ? 0.5 : editDistance(wanted, plain);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
