import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { Host } from '../host/host.ts';
import type { HostModel } from '../host/host-models.ts';
import type { Project } from '../host/project.ts';
import { integer, oneOf } from './values.ts';

/** Flags of every command that computes pictures. */
export interface EngineFlags {
  readonly provider?: string;
  readonly threads?: number;
  readonly embedding?: readonly string[];
}

export const PROVIDER_NAMES = ['auto', 'cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;

export function engineOptions(command: Command): Command {
  return command
    .option('--provider <name>', `where to compute: ${PROVIDER_NAMES.join(', ')}`, oneOf(PROVIDER_NAMES))
    .option('--threads <n>', 'threads for computing (default: physical cores)', integer(1, 1024))
    .option(
      '--embedding <file...>',
      'textual inversion (.safetensors, .bin, .pt): its word can be used in prompts; WORD=FILE gives it another word',
    );
}

/** The model of a command: the flag's, relative to where the command was typed, or the document's, beside its file. */
export function loadModel(host: Host, project: Project, flag: string | undefined): Promise<HostModel> {
  if (flag !== undefined) return host.models.load(flag, process.cwd());
  return host.models.load(project.document.model, dirname(project.file));
}
