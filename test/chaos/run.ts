/** `npm run chaos -- --rounds 200 --seed 1`: the loop by hand. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loop } from './loop.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: process.env.TIERLAB_CHAOS_SEED ?? String(Date.now() % 100_000) },
    rounds: { type: 'string', default: process.env.TIERLAB_CHAOS_ROUNDS ?? '20' },
    from: { type: 'string', default: '1' },
    host: { type: 'string', default: 'uml' },
    patience: { type: 'string', default: '1' },
    program: { type: 'string', default: join(process.cwd(), 'dist/tierlab.js') },
    strict: { type: 'boolean', default: false },
  },
});
const [seed, from, rounds, patience] = [values.seed, values.from, values.rounds, values.patience].map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`seed ${seed}, ${rounds} rounds on host ${values.host}`);
const failures = await loop({
  program: values.program,
  host: values.host === 'native' ? 'native' : 'uml',
  patience: patience ?? 1,
  seed: seed ?? 1,
  from: from ?? 1,
  rounds: rounds ?? 1,
  strict: values.strict,
  say,
});
say(`${(rounds ?? 0) - failures.length} rounds passed, ${failures.length} failed`);
process.exitCode = failures.length === 0 ? 0 : 1;
