import { testLabs } from './labs.ts';

await testLabs({ index: 3, of: 4 });
