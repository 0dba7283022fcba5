/** For a machine that is another than ours: a guest. */
import { takeInventory } from '../machine-inventory.ts';

process.stdout.write(JSON.stringify(takeInventory()));
