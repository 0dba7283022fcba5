/** What long work tells whoever shows it. Stages print it as lines; nothing in it is for machines. */
export type Progress =
  | { readonly type: 'step'; readonly message: string }
  | { readonly type: 'detail'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string };

export type Report = (progress: Progress) => void;
