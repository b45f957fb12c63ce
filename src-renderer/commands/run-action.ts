import type { Studio } from '../state/studio.svelte.ts';
import { type Action, ACTIONS } from './actions.ts';

export function actionOf(id: string): Action | undefined {
  return ACTIONS.find((action) => action.id === id);
}

export function canRun(studio: Studio, action: Action): boolean {
  return action.enabled?.(studio) !== false;
}

/** Does an action when it can be done now. */
export function runAction(studio: Studio, id: string): void {
  const action = actionOf(id);
  if (action !== undefined && canRun(studio, action)) action.run(studio);
}
