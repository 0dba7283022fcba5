import type { YAMLError } from 'yaml';

/** What a problem of the YAML parser means to whoever wrote the file. */
export function explainSyntax(
  { code, message, pos }: YAMLError,
  text: string,
): { message: string; hint?: string } {
  const near = /^[^\s:,\]}]{1,40}/.exec(text.slice(pos[0]))?.[0];
  switch (code) {
    case 'TAB_AS_INDENT':
      return { message: 'a tab is used for indentation', hint: 'YAML is indented with spaces' };
    case 'MULTIPLE_DOCS':
      return {
        message: 'a second document begins here',
        hint: 'one file holds one document: remove the "---"',
      };
    case 'TAG_RESOLVE_FAILED':
      return {
        message: `the tag "${near ?? ''}" is not known`,
        hint: 'write plain text, numbers, true and false, without tags',
      };
    case 'NON_STRING_KEY':
      return { message: 'a key must be a plain word', hint: 'is a pair of braces or brackets misplaced?' };
    case 'BAD_INDENT':
      return {
        message: 'the indentation does not fit the lines above',
        hint: 'or a bracket or brace above is not closed',
      };
    case 'MULTILINE_IMPLICIT_KEY':
      return { message: 'a key must stand on one line', hint: 'is a ":" or a bracket missing on this line?' };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        message: 'a key cannot begin here',
        hint: 'is there a ":" too many on this line, or text that needs quotes?',
      };
    case 'BAD_ALIAS':
      return {
        message: `the alias "${near ?? ''}" stands for no anchor (&name) above`,
        hint: 'text that begins with * needs quotes',
      };
    case 'MISSING_CHAR':
      if (/closing ["']quote/.test(message)) return { message: 'a quotation mark above is not closed' };
      return { message: sentence(message) };
    default:
      return { message: `this is not YAML: ${sentence(message)}` };
  }
}

/** The parser's own words, without a leading capital and a final full stop. */
const sentence = (message: string): string =>
  message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, '');
