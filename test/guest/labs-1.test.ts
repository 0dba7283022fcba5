import { testLabs } from './labs.ts';

await testLabs({ index: 1, of: 4 });
