import { exitCodes } from '../../base/errors.ts';
import { faultTable } from '../../faults/index.ts';
import { kindTable } from '../../kinds/index.ts';
import { scenarioJsonSchema } from '../../scenario/index.ts';
import { topologyJsonSchema } from '../../topology/index.ts';
import type { Context } from '../context.ts';

/** The schema is JSON in either format: editors read it. */
export async function schema(_context: Context, what: 'topology' | 'scenario'): Promise<number> {
  const document = what === 'topology' ? topologyJsonSchema(kindTable) : scenarioJsonSchema(faultTable);
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  return exitCodes.pass;
}
