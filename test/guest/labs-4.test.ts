import { testLabs } from './labs.ts';

await testLabs({ index: 4, of: 4 });
