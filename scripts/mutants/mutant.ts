/** A change of the code that breaks something promised, and the test that has to notice it. */
export interface Mutant {
  /** Lower-case words with hyphens; unique. */
  name: string;
  /** What no longer holds with it. */
  breaks: string;
  /** Where the text was last seen; elsewhere it is looked for in all production files. */
  file: string;
  /** A piece of text that production code has once; any run of white space stands for any other. */
  find: string;
  /** What stands there instead. */
  put: string;
  /** `FILE › NAME` of the nearest test that notices; `…` stands for what a template fills in. */
  test: string;
}

/** The two halves of a test as mutants and docs/guarantees.md name it. */
export function splitTest(test: string): { file: string; name: string } {
  const [file = "", name = ""] = test.replaceAll("`", "").split(" › ");
  return { file, name };
}
