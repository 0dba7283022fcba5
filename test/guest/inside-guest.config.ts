import { defineConfig } from 'vitest/config';

/** For the run inside a guest, where nothing but /tmp can be written and each process is dear. */
export default defineConfig({
  cacheDir: '/tmp/vitest',
  test: {
    include: ['test/guest/host-contract.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
  },
});
