import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Which folder may import which (docs/architecture.md, "Layers"). The first rule whose folder holds the file decides;
 * `allow` lists folders of the project, `packages` what may come from outside.
 */
interface Rule {
  readonly folder: string;
  readonly allow: readonly string[];
  readonly packages: (specifier: string) => boolean;
}

const PURE = ['@noble/hashes', 'zod'];
const startsWithAny = (names: readonly string[]) => (specifier: string) =>
  names.some((name) => specifier === name || specifier.startsWith(`${name}/`));
/** Packages with one importer each: a replacement then touches one folder. */
const OWNED: Readonly<Record<string, string>> = {
  'onnxruntime-node': 'src-main/host/sessions',
  'better-sqlite3': 'src-main/host/store',
  electron: 'src-main/shell',
  ws: 'src-main/rpc',
  '@huggingface/hub': 'src-main/host/models',
};
const notOwnedElsewhere = (folder: string) => (specifier: string) => {
  const owner = OWNED[specifier] ?? OWNED[specifier.split('/')[0] ?? ''];
  return owner === undefined || owner === folder;
};
const hostFolder = (name: string): Rule => ({
  folder: `src-main/host/${name}`,
  allow: ['src-shared', 'src-main/engine', 'src-main/files', `src-main/host/${name}`],
  packages: notOwnedElsewhere(`src-main/host/${name}`),
});

const RULES: readonly Rule[] = [
  { folder: 'src-shared/kernel', allow: ['src-shared/kernel'], packages: startsWithAny(PURE) },
  {
    folder: 'src-shared/model',
    allow: ['src-shared/kernel', 'src-shared/model'],
    packages: startsWithAny(PURE),
  },
  { folder: 'src-shared', allow: ['src-shared'], packages: startsWithAny(PURE) },
  {
    folder: 'src-main/engine',
    allow: ['src-shared/kernel', 'src-shared/model', 'src-main/engine'],
    packages: startsWithAny([...PURE, '@huggingface/tokenizers']),
  },
  { folder: 'src-main/files', allow: ['src-shared/kernel', 'src-main/files'], packages: () => false },
  ...['sessions', 'store', 'render', 'export', 'models', 'inspect', 'audio', 'settings'].map(hostFolder),
  {
    folder: 'src-main/host',
    allow: ['src-shared', 'src-main/engine', 'src-main/files', 'src-main/host'],
    packages: notOwnedElsewhere(''),
  },
  {
    folder: 'src-main/rpc',
    allow: ['src-shared', 'src-main/rpc'],
    packages: notOwnedElsewhere('src-main/rpc'),
  },
  {
    folder: 'src-main/shell',
    allow: ['src-shared', 'src-main/files', 'src-main/rpc', 'src-main/shell'],
    packages: notOwnedElsewhere('src-main/shell'),
  },
  {
    folder: 'src-main/cli',
    // `serve` starts the server, which wires the host to the adapters of src-main/rpc.
    allow: ['src-shared', 'src-main/engine', 'src-main/host', 'src-main/cli', 'src-main/server'],
    packages: notOwnedElsewhere(''),
  },
  { folder: 'src-main', allow: ['src-shared', 'src-main'], packages: notOwnedElsewhere('src-main/shell') },
  {
    folder: 'src-preload',
    allow: ['src-shared/contract', 'src-preload'],
    packages: startsWithAny(['electron']),
  },
  { folder: 'src-renderer', allow: ['src-shared', 'src-renderer'], packages: notOwnedElsewhere('') },
];

const IMPORT =
  /(?:^|[\s;])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;])import\s*\(?\s*['"]([^'"]+)['"]/gm;

/** The imports that break a rule, as "file: message" lines; empty when the layers hold. */
export function checkLayers(root: string): string[] {
  const problems: string[] = [];
  for (const file of globSync('src-*/**/*.{ts,svelte}', { cwd: root })) {
    const path = file.split('\\').join('/');
    // Tests may use real parts of any layer.
    if (path.endsWith('.test.ts')) continue;
    const rule = RULES.find((candidate) => path.startsWith(`${candidate.folder}/`));
    if (rule === undefined) continue;
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
      const problem = judge(rule, path, specifier);
      if (problem !== undefined) problems.push(`${path}: ${problem}`);
    }
  }
  return problems;
}

export function importsOf(source: string): string[] {
  const withoutComments = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...withoutComments.matchAll(IMPORT)].map((match) => (match[1] ?? match[2]) as string);
}

function judge(rule: Rule, path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = relative('.', join(dirname(path), specifier))
      .split('\\')
      .join('/');
    const allowed = rule.allow.some((folder) => target.startsWith(`${folder}/`) || target === `${folder}.ts`);
    return allowed ? undefined : `${rule.folder} may import ${rule.allow.join(', ')}, not ${target}`;
  }
  const platform = specifier.startsWith('node:');
  const runsAnywhere = /^(src-shared|src-main\/engine|src-renderer|src-preload)/.test(rule.folder);
  if (platform)
    return runsAnywhere ? `${rule.folder} runs anywhere and may not import ${specifier}` : undefined;
  return rule.packages(specifier) ? undefined : `${rule.folder} may not import the package ${specifier}`;
}

if (import.meta.main) {
  const problems = checkLayers(join(import.meta.dirname, '..'));
  for (const problem of problems) console.error(problem);
  console.error(
    problems.length === 0 ? 'Layers hold.' : `${problems.length} imports cross a layer the wrong way.`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
