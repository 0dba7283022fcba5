import { exitCodes } from '../../base/errors.ts';
import { kindTable } from '../../kinds/index.ts';
import { describeMetrics, metricTable, nodeMetricTable } from '../../verdict/index.ts';
import type { Context } from '../context.ts';

export async function metrics(context: Context): Promise<number> {
  const measured = measuredKinds();
  context.print(describeMetrics(measured));
  context.printJson([...metricTable, ...nodeMetricTable(measured)]);
  return exitCodes.pass;
}

/** Kinds whose nodes can be asked while they run. */
export const measuredKinds = (): Parameters<typeof describeMetrics>[0] =>
  Object.values(kindTable).flatMap(({ name, measures }) =>
    measures === undefined ? [] : [{ kind: name, measures }],
  );
