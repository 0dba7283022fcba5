const collator = new Intl.Collator('en', { numeric: true });

/** For `sort`: names as people count, `l7-2` before `l7-10`. */
export const naturally = (one: string, other: string): number => collator.compare(one, other);
