/**
 * The characters of the bytes 0x80 to 0xff in the single-byte charsets that are read, as glibc's
 * iconv has them: it is what git converts with. U+FFFD stands where a byte has no character.
 *
 * Not TextDecoder's tables: those follow the WHATWG, for which iso-8859-1 is windows-1252, and
 * they are not the same in every Node release.
 */

/** iso-8859-2 */
export const LATIN_2 =
  "\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u008f" +
  "\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009d\u009e\u009f" +
  "\u00a0Ą˘Ł¤ĽŚ§¨ŠŞŤŹ\u00adŽŻ" +
  "°ą˛ł´ľśˇ¸šşťź˝žż" +
  "ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎ" +
  "ĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß" +
  "ŕáâăäĺćçčéęëěíîď" +
  "đńňóôőö÷řůúűüýţ˙";

/** iso-8859-15 */
export const LATIN_9 =
  "\u0080\u0081\u0082\u0083\u0084\u0085\u0086\u0087\u0088\u0089\u008a\u008b\u008c\u008d\u008e\u008f" +
  "\u0090\u0091\u0092\u0093\u0094\u0095\u0096\u0097\u0098\u0099\u009a\u009b\u009c\u009d\u009e\u009f" +
  "\u00a0¡¢£€¥Š§š©ª«¬\u00ad®¯" +
  "°±²³Žµ¶·ž¹º»ŒœŸ¿" +
  "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ" +
  "ÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß" +
  "àáâãäåæçèéêëìíîï" +
  "ðñòóôõö÷øùúûüýþÿ";

/** windows-1251 */
export const WINDOWS_1251 =
  "ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏ" +
  "ђ‘’“”•–—\ufffd™љ›њќћџ" +
  "\u00a0ЎўЈ¤Ґ¦§Ё©Є«¬\u00ad®Ї" +
  "°±Ііґµ¶·ё№є»јЅѕї" +
  "АБВГДЕЖЗИЙКЛМНОП" +
  "РСТУФХЦЧШЩЪЫЬЭЮЯ" +
  "абвгдежзийклмноп" +
  "рстуфхцчшщъыьэюя";

/** windows-1252 */
export const WINDOWS_1252 =
  "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd" +
  "\ufffd‘’“”•–—˜™š›œ\ufffdžŸ" +
  "\u00a0¡¢£¤¥¦§¨©ª«¬\u00ad®¯" +
  "°±²³´µ¶·¸¹º»¼½¾¿" +
  "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ" +
  "ÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß" +
  "àáâãäåæçèéêëìíîï" +
  "ðñòóôõö÷øùúûüýþÿ";

/** koi8-r */
export const KOI8_R =
  "─│┌┐└┘├┤┬┴┼▀▄█▌▐" +
  "░▒▓⌠■∙√≈≤≥\u00a0⌡°²·÷" +
  "═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞" +
  "╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬©" +
  "юабцдефгхийклмно" +
  "пярстужвьызшэщчъ" +
  "ЮАБЦДЕФГХИЙКЛМНО" +
  "ПЯРСТУЖВЬЫЗШЭЩЧЪ";
