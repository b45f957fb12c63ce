import type { InferenceSession } from 'onnxruntime-node';

export const PROVIDER_NAMES = ['cpu', 'cuda', 'webgpu', 'dml', 'coreml'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

export interface SessionSettings {
  readonly provider: ProviderName;
  /** Threads inside one operator; the number of physical cores is best. */
  readonly threads: number;
}

/** Options for a graph as its exporter wrote it: every optimisation on. */
export function sessionOptions(settings: SessionSettings): InferenceSession.SessionOptions {
  return {
    executionProviders: [settings.provider],
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Only fatal messages: failures are thrown, and a warning about a graph is nothing an artist can act on.
    logSeverityLevel: 4,
    extra: { session: { ...COMMON } },
  };
}

/**
 * Options that also save the optimised graph to `graphPath`, its weights in `weightsName` beside it, where the
 * operating system can map them.
 */
export function savingOptions(
  settings: SessionSettings,
  graphPath: string,
  weightsName: string,
): InferenceSession.SessionOptions {
  return {
    ...sessionOptions(settings),
    optimizedModelFilePath: graphPath,
    extra: {
      session: {
        ...COMMON,
        optimized_model_external_initializers_file_name: weightsName,
        optimized_model_external_initializers_min_size_in_bytes: '1024',
      },
    },
  };
}

/** Options for a graph that was optimised before: nothing is left to do. */
export function optimisedOptions(settings: SessionSettings): InferenceSession.SessionOptions {
  return { ...sessionOptions(settings), graphOptimizationLevel: 'disabled' };
}

/**
 * Options that read inputs and outputs with little work: no repacked copies of the weights. Without the basic
 * optimisations, 1.30 cannot open float16 graphs on the CPU ("Type Error ... InsertedPrecisionFreeCast").
 */
export function inspectionOptions(): InferenceSession.SessionOptions {
  return {
    ...sessionOptions({ provider: 'cpu', threads: 1 }),
    graphOptimizationLevel: 'basic',
    extra: { session: { ...COMMON, disable_prepacking: '1' } },
  };
}

// Products with int8 weights round the other side to int8 as well by default (level 4), which is off by hundredths; at
// level 1 they sum in float32, and the weights stay int8 in memory.
const EXACT_INT8 = { qdq_matmulnbits_accuracy_level: '1' } as const;

// By default the threads of an idle session keep spinning for their next run, against the session that is at work:
// alternating two sessions on two cores is about twice as slow then. Values must be strings.
const NO_SPINNING = { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } as const;

const COMMON = { ...NO_SPINNING, ...EXACT_INT8 } as const;
