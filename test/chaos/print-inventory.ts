/** For a machine that is another than ours: a guest. */
import { takeWholeInventory } from './whole-machine.ts';

process.stdout.write(JSON.stringify(takeWholeInventory()));
