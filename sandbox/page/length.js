// How long a text is in the network's eyes: a link is 23, CJK and emoji are 2, the rest is 1.

export const LIMIT = 280;
export const NOTE_LIMIT = 25000;

const LINK_LENGTH = 23;
const LINK = /https?:\/\/[^\s]+|(?<![@\w.])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|ai|co|app|de|uk|eu)(?![\w.-]*@)(?:\/[^\s]*)?(?!\w)/giu;
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

function weightOfCharacter(character) {
  const code = character.codePointAt(0);
  return LIGHT.some(([from, to]) => code >= from && code <= to) ? 1 : 2;
}

function weightOfGrapheme(grapheme) {
  if (EMOJI.test(grapheme) && !/^[\d#*©®]$/u.test(grapheme)) return 2;
  return [...grapheme].reduce((sum, character) => sum + weightOfCharacter(character), 0);
}

/** The length that counts against the limit. */
export function weightedLength(text) {
  const links = text.match(LINK)?.length ?? 0;
  const rest = text.normalize("NFC").replace(LINK, "");
  let sum = links * LINK_LENGTH;
  for (const { segment } of graphemes.segment(rest)) sum += weightOfGrapheme(segment);
  return sum;
}
