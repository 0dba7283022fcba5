import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge, parseHistory } from '../../../src/verdict/index.ts';
import { buildHistory, toText } from './build-history.ts';
import { stories } from './stories.ts';

const golden = resolve(import.meta.dirname, '../../golden/histories');

describe.each(Object.entries(stories))('the recorded history "%s"', (name, story) => {
  const text = story.damage?.(toText(buildHistory(story))) ?? toText(buildHistory(story));

  test(`is judged ${story.verdict}, for the reasons that it was made for`, async () => {
    await expect(text).toMatchFileSnapshot(`${golden}/${name}.jsonl`);
    const { verdict, reasons } = await judge(parseHistory([text]));
    expect(reasons).toEqual(story.reasons.map((reason) => expect.stringContaining(reason)));
    expect(verdict).toBe(story.verdict);
  });

  test('has the whole judgement that is kept beside it', async () => {
    const judgement = await judge(parseHistory([text]));
    await expect(`${JSON.stringify(judgement, null, 2)}\n`).toMatchFileSnapshot(
      `${golden}/${name}.judgement.json`,
    );
  });
});
