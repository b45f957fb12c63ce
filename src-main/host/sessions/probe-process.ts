import { connectToParent } from './parent-port.ts';
import { probeProvider } from './probe-provider.ts';
import type { ProbedModel, ProviderVerdict } from './providers.ts';
import type { ProviderName } from './session-options.ts';

/*
 * Entry of the throwaway process that tries execution providers: drivers may print, hang or abort here.
 */

export interface ProbeRequest {
  readonly provider: ProviderName;
  readonly threads: number;
  readonly model: ProbedModel;
}

export interface ProbeAnswer {
  readonly verdict: ProviderVerdict;
}

const parent = connectToParent();
parent.onMessage((message) => {
  const { provider, threads, model } = message as ProbeRequest;
  void probeProvider(provider, threads, model).then((verdict) => {
    const answer: ProbeAnswer = { verdict };
    parent.send(answer);
  });
});
