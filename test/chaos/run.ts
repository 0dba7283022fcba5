/** `npm run chaos -- --rounds 200 --seed 1`: the loop by hand, on the machine of its own that own-machine.sh makes. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loop } from './loop.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: process.env.TIERLAB_CHAOS_SEED ?? String(Date.now() % 100_000) },
    rounds: { type: 'string', default: process.env.TIERLAB_CHAOS_ROUNDS ?? '20' },
    from: { type: 'string', default: '1' },
    hardship: { type: 'string' },
    host: { type: 'string', default: 'uml' },
    patience: { type: 'string', default: '1' },
    program: { type: 'string', default: join(process.cwd(), 'dist/tierlab.js') },
  },
});
const [seed, from, rounds, patience] = [values.seed, values.from, values.rounds, values.patience].map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`seed ${seed}, ${rounds} rounds from ${from} on host ${values.host}`);
const failures = await loop({
  program: values.program,
  host: values.host === 'native' ? 'native' : 'uml',
  patience: patience ?? 1,
  seed: seed ?? 1,
  from: from ?? 1,
  rounds: rounds ?? 1,
  hardship: values.hardship,
  say,
});
process.exitCode = failures.length === 0 ? 0 : 1;
