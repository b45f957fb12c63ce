import { createRequire } from 'node:module';
import type * as OrtModule from 'onnxruntime-node';

export type Ort = typeof OrtModule;

let loaded: Promise<Ort> | undefined;

/**
 * Loads ONNX Runtime on first use: a broken native library then disables rendering, not the start of the studio.
 * Only this file imports the package.
 */
export function loadOrt(): Promise<Ort> {
  loaded ??= import('onnxruntime-node').then((module) => {
    const namespace = module as Ort & { readonly default?: Ort };
    const ort = namespace.default?.InferenceSession ? namespace.default : namespace;
    // Errors are thrown as well, so anything the library prints on its own would only be said twice.
    ort.env.logLevel = 'fatal';
    return ort;
  });
  return loaded;
}

/** Version of the package, for cache keys and reports; does not load the native library. */
export function ortVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}
