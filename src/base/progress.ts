/** What long work tells whoever shows it. Stages print it as lines; nothing in it is for machines. */
export interface Progress {
  /** `end`: the lab has been torn down, there will be no more of it. */
  readonly type: 'step' | 'detail' | 'warning' | 'end';
  readonly message: string;
  /** Name of the lab that it is about, where several may be under way at once. */
  readonly lab?: string;
}

export type Report = (progress: Progress) => void;
