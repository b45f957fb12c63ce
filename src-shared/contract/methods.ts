import type { z } from 'zod';
import { audioMethods } from './methods/audio.ts';
import { exportMethods } from './methods/export.ts';
import { frameMethods } from './methods/frames.ts';
import { hostMethods } from './methods/host.ts';
import { inspectMethods } from './methods/inspect.ts';
import { libraryMethods } from './methods/library.ts';
import { modelMethods } from './methods/models.ts';
import { projectMethods } from './methods/project.ts';
import { promptMethods } from './methods/prompt.ts';
import { renderMethods } from './methods/render.ts';
import { settingsMethods } from './methods/settings.ts';

/** Everything that a window can ask of a host. */
export const METHODS = {
  ...hostMethods,
  ...modelMethods,
  ...projectMethods,
  ...libraryMethods,
  ...renderMethods,
  ...frameMethods,
  ...exportMethods,
  ...inspectMethods,
  ...audioMethods,
  ...settingsMethods,
  ...promptMethods,
} as const;

export type MethodName = keyof typeof METHODS;
/** As the caller writes them. */
export type Params<Method extends MethodName> = z.input<(typeof METHODS)[Method]['params']>;
/** As the host gets them, checked. */
export type CheckedParams<Method extends MethodName> = z.output<(typeof METHODS)[Method]['params']>;
export type Result<Method extends MethodName> = z.output<(typeof METHODS)[Method]['result']>;

export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name);
}
