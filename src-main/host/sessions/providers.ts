import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../src-shared/kernel/errors.ts';
import { hashJson } from '../../../src-shared/kernel/hash.ts';
import { writeWholeFile } from '../../files/whole-file.ts';
import type { Machine } from './machine.ts';
import { ortVersion } from './ort.ts';
import { PROVIDER_NAMES, type ProviderName } from './session-options.ts';

/** `auto` takes the fastest provider that was seen to compute the same as the CPU. */
export type ProviderChoice = 'auto' | ProviderName;

/** What a provider did when it was tried on this machine. */
export interface ProviderVerdict {
  readonly provider: ProviderName;
  readonly usable: boolean;
  /** Why it is not usable. */
  readonly reason: string | null;
  /** Whether the failure has nothing to do with the model (no driver, no card, no library). */
  readonly anyModel: boolean;
  /** One call of a component, warm; null when it never came to that. */
  readonly milliseconds: number | null;
  /** The same call on the CPU. */
  readonly cpuMilliseconds: number | null;
  /** Largest difference from the CPU's result, relative to that result's largest value. */
  readonly maxRelativeError: number | null;
}

export interface ProviderDecision {
  readonly requested: ProviderChoice;
  readonly provider: ProviderName;
  /** Everything that was tried for it, in order. */
  readonly attempts: readonly ProviderVerdict[];
  /** A provider started on this machine and yet was not used: worth telling, where the lack of a card is not. */
  readonly surprising: boolean;
}

/** The model that a provider is tried with. */
export interface ProbedModel {
  readonly folder: string;
  readonly fingerprint: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Tries one provider and never throws for what the provider does, not even when its driver crashes. */
export interface ProviderProber {
  probe(provider: ProviderName, model: ProbedModel): Promise<ProviderVerdict>;
  /** Ends what probing started. */
  close(): void;
}

export interface ProviderChooserOptions {
  readonly machine: Machine;
  /** Verdicts are remembered here; null remembers nothing. */
  readonly folder: string | null;
  /** A prober is made only when something must be probed, and closed right after. */
  readonly createProber: () => ProviderProber;
  readonly now?: () => Date;
}

// A driver may be installed or repaired at any time; a verdict of success is checked by rendering anyway.
const FAILURE_HOLDS_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Providers that the package has for a platform, best first; always ends in `cpu`.
 * Source: the platform table of the onnxruntime-node 1.30 README.
 */
export function providerLadder(platform: NodeJS.Platform, arch: string): readonly ProviderName[] {
  if (platform === 'win32') return arch === 'x64' || arch === 'arm64' ? ['webgpu', 'dml', 'cpu'] : ['cpu'];
  if (platform === 'darwin') return ['webgpu', 'coreml', 'cpu'];
  if (platform === 'linux' && arch === 'x64') return ['cuda', 'webgpu', 'cpu'];
  return ['cpu'];
}

/** Decides which provider a model runs on, and remembers what each one did on this machine. */
export class ProviderChooser {
  readonly #options: ProviderChooserOptions;

  constructor(options: ProviderChooserOptions) {
    this.#options = options;
  }

  /**
   * @throws {AppError} provider-failed when a provider was asked for by name and cannot be used (there is no silent
   * fallback); invalid-input for a name that does not exist.
   */
  async choose(requested: ProviderChoice, model: ProbedModel): Promise<ProviderDecision> {
    if (requested !== 'auto' && !PROVIDER_NAMES.includes(requested)) {
      throw new AppError(
        'invalid-input',
        `There is no execution provider "${requested}". Accepted: auto, ${PROVIDER_NAMES.join(', ')}.`,
      );
    }
    if (requested === 'cpu') return decision(requested, 'cpu', []);
    const { machine } = this.#options;
    const ladder = providerLadder(machine.platform, machine.arch);
    if (requested !== 'auto' && !ladder.includes(requested)) {
      throw new AppError(
        'provider-failed',
        `The execution provider ${requested} does not exist on ${machine.platform} ${machine.arch}. Accepted here: auto, ${ladder.join(', ')}.`,
      );
    }
    const candidates = requested === 'auto' ? ladder.filter((name) => name !== 'cpu') : [requested];
    const attempts: ProviderVerdict[] = [];
    const prober = lazily(this.#options.createProber);
    try {
      for (const provider of candidates) {
        const remembered = await this.#recall(provider, model);
        // Whoever names a provider has perhaps just repaired it.
        const trusted = remembered && (remembered.usable || requested === 'auto');
        const verdict = trusted ? remembered : await prober.get().probe(provider, model);
        if (!trusted) await this.#remember(verdict, model);
        attempts.push(verdict);
        if (verdict.usable && (requested !== 'auto' || fasterThanCpu(verdict))) {
          return decision(requested, provider, attempts);
        }
      }
    } finally {
      prober.made?.close();
    }
    if (requested === 'auto') return decision(requested, 'cpu', attempts);
    const reason = attempts[0]?.reason ?? 'unknown';
    throw new AppError('provider-failed', `The execution provider ${requested} cannot be used: ${reason}`, {
      data: { attempts },
    });
  }

  #path(folder: string, provider: ProviderName, fingerprint: string | null): string {
    const { machine } = this.#options;
    const { platform, arch, hostname, cpu, gpus } = machine;
    const runtime = ortVersion();
    const key = hashJson({ version: 1, runtime, platform, arch, hostname, cpu, gpus, provider, fingerprint });
    return join(folder, `${provider}-${key.slice(0, 32)}.json`);
  }

  async #recall(provider: ProviderName, model: ProbedModel): Promise<ProviderVerdict | undefined> {
    const { folder } = this.#options;
    if (folder === null) return undefined;
    for (const fingerprint of [null, model.fingerprint]) {
      try {
        const stored = JSON.parse(await readFile(this.#path(folder, provider, fingerprint), 'utf8')) as {
          at: string;
          verdict: ProviderVerdict;
        };
        const age = this.#now().getTime() - Date.parse(stored.at);
        if (stored.verdict.provider !== provider) continue;
        if (stored.verdict.usable || (age >= 0 && age < FAILURE_HOLDS_MS)) return stored.verdict;
      } catch {
        // Not tried yet, or unreadable: try again.
      }
    }
    return undefined;
  }

  async #remember(verdict: ProviderVerdict, model: ProbedModel): Promise<void> {
    const { folder } = this.#options;
    if (folder === null) return;
    const path = this.#path(folder, verdict.provider, verdict.anyModel ? null : model.fingerprint);
    try {
      await writeWholeFile(path, JSON.stringify({ at: this.#now().toISOString(), verdict }));
    } catch {
      // A cache folder that cannot be written to costs a probe at the next start, nothing else.
    }
  }

  #now(): Date {
    return this.#options.now?.() ?? new Date();
  }
}

function decision(
  requested: ProviderChoice,
  provider: ProviderName,
  attempts: readonly ProviderVerdict[],
): ProviderDecision {
  const surprising = attempts.some((verdict) => verdict.provider !== provider && !verdict.anyModel);
  return { requested, provider, attempts, surprising };
}

/** One sentence for the status bar and the log. */
export function describeDecision(decision: ProviderDecision): string {
  const tried = decision.attempts
    .filter((verdict) => verdict.provider !== decision.provider)
    .map((verdict) => `${verdict.provider}: ${verdict.reason ?? slowness(verdict)}`);
  const chosen = decision.attempts.find((verdict) => verdict.provider === decision.provider);
  const speed =
    chosen?.milliseconds != null && chosen.cpuMilliseconds != null
      ? ` (${chosen.milliseconds.toFixed(1)} ms a call, CPU ${chosen.cpuMilliseconds.toFixed(1)} ms)`
      : '';
  return `Rendering on ${decision.provider}${speed}${tried.length > 0 ? `; ${tried.join('; ')}` : ''}.`;
}

function slowness(verdict: ProviderVerdict): string {
  return `not faster than the CPU (${verdict.milliseconds?.toFixed(1)} ms a call, CPU ${verdict.cpuMilliseconds?.toFixed(1)} ms)`;
}

// A graphics API may be emulated in software, which is correct and slow.
function fasterThanCpu(verdict: ProviderVerdict): boolean {
  return (verdict.milliseconds ?? Infinity) < (verdict.cpuMilliseconds ?? 0);
}

function lazily<T>(make: () => T): { get(): T; readonly made: T | undefined } {
  let made: T | undefined;
  return {
    get() {
      made ??= make();
      return made;
    },
    get made() {
      return made;
    },
  };
}
