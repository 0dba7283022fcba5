/** What files and labs say is shown on terminals (ECMA-48): it may not begin a line, colour, ring or move there. */

/** Of one line: no control character is left. */
export const plain = (line: string): string => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');

/** Of lines that we have put together, and coloured (SGR): nothing else than their ends, tabs and colours is left. */
export const plainButColours = (text: string): string =>
  text.replace(/\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (found) =>
    found.length > 1 ? found : '\ufffd',
  );
