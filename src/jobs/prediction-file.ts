/** A prediction is written, with its hash and time, before the cluster is driven: it can't have known the outcome. */
import type { Prediction } from '../arms/predict.ts';
import { resultHash } from '../result/hash.ts';
import { writeJson } from './run-directory.ts';

export interface WrittenPrediction {
  readonly file: string;
  readonly hash: string;
  readonly writtenAt: string;
}

export function writePrediction(directory: string, prediction: Prediction): WrittenPrediction {
  const hash = resultHash(prediction.result);
  const writtenAt = new Date().toISOString();
  const file = writeJson(directory, 'prediction.json', { hash, writtenAt, result: prediction.result });
  writeJson(directory, 'profile.json', prediction.profile);
  return { file, hash, writtenAt };
}
