import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { checkLayers, importsOf } from './check-layers.ts';

let root = '';
before(() => {
  root = mkdtempSync(join(tmpdir(), 'inbetween-layers-'));
});
after(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, source: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), source);
}

describe('layers', () => {
  it('hold in this project', () => {
    assert.deepEqual(checkLayers(join(import.meta.dirname, '..')), []);
  });
  it('are broken by an engine that reads files, and by host folders that know each other', () => {
    write('src-main/engine/a.ts', `import { readFile } from 'node:fs';`);
    write('src-main/host/render/b.ts', `export { openStore } from '../store/project-store.ts';`);
    write('src-main/host/render/c.ts', `const ort = await import('onnxruntime-node');`);
    write('src-shared/model/d.ts', `import type { X } from '../../src-main/engine/a.ts';`);
    assert.deepEqual(
      checkLayers(root)
        .map((line) => line.split(':')[0])
        .sort(),
      [
        'src-main/engine/a.ts',
        'src-main/host/render/b.ts',
        'src-main/host/render/c.ts',
        'src-shared/model/d.ts',
      ],
    );
  });
  it('see imports of every shape and none in comments', () => {
    const source = `import 'a';\nimport x, {\n y } from "b";\nexport * from 'c';\n// import 'no'\n/* from 'no' */\nawait import('d');`;
    assert.deepEqual(importsOf(source).sort(), ['a', 'b', 'c', 'd']);
  });
});
