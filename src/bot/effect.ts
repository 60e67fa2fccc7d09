/** What came of the letters. */
export interface LettersEffect {
  /** Letters that left, and to how many. */
  readonly letters: number;
  readonly authors: number;
  /** Authors who signed, or gave a base, in one of the next two series after a letter about that. */
  readonly signed: number;
  readonly based: number;
  /** Bases that were named in a reply. */
  readonly named: number;
  readonly stopped: number;
  readonly paused: number;
  readonly undeliverable: number;
}
