import { testLabs } from './labs.ts';

await testLabs({ index: 2, of: 4 });
