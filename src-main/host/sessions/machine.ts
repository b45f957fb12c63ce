import { readdirSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, hostname, platform } from 'node:os';
import { join } from 'node:path';

/** What decides whether a compiled graph or a provider's verdict from another time still holds here. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly hostname: string;
  /** CPU model and instruction-set flags: the optimiser's layouts depend on them. */
  readonly cpu: string;
  /** Vendor and device ids of the graphics cards, where the platform tells them cheaply. */
  readonly gpus: readonly string[];
  readonly physicalCores: number;
}

export function describeMachine(): Machine {
  return {
    platform: platform(),
    arch: arch(),
    hostname: hostname(),
    cpu: [cpus()[0]?.model ?? 'unknown', cpuFlags()].join(' ').trim(),
    gpus: graphicsCards(),
    physicalCores: physicalCores(),
  };
}

function cpuFlags(): string {
  try {
    return /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

function graphicsCards(): string[] {
  const root = '/sys/class/drm';
  try {
    return readdirSync(root)
      .filter((name) => /^card\d+$/.test(name))
      .map((name) => {
        const id = (file: string) => readFileSync(join(root, name, 'device', file), 'utf8').trim();
        return `${id('vendor')}:${id('device')}`;
      })
      .sort();
  } catch {
    return [];
  }
}

/**
 * Physical cores this process may use. Two threads of one core slow each other down in convolutions, so sessions get
 * one thread per core; where the topology is unknown, every available processor counts as a core.
 */
function physicalCores(): number {
  const available = availableParallelism();
  try {
    const root = '/sys/devices/system/cpu';
    const cores = new Set(
      readdirSync(root)
        .filter((name) => /^cpu\d+$/.test(name))
        .map((name) => readFileSync(join(root, name, 'topology', 'thread_siblings_list'), 'utf8').trim()),
    );
    return Math.max(1, Math.min(available, cores.size || available));
  } catch {
    return available;
  }
}
