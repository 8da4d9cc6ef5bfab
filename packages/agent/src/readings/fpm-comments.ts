/**
 * FPM's configuration without its comments. FPM reads its files a byte at a time (`fpm_conf_load_ini_file`), and nine tenths
 * of what Debian and Remi ship is comments: 28,000 calls of read(2) for each test, most of what it costs.
 */

/**
 * The same text with every line that is a comment made empty, so that messages name the lines they did. FPM hands each line
 * by itself to PHP's parser, to which an empty one and a comment are the same; what is odd about one keeps it as it is.
 */
export function withoutComments(text: string): string {
  return text.replace(comment, '')
}

/** Longer lines are read in pieces of 1024 bytes, of which only the first would begin as a comment. */
const comment = /^[ \t]{0,100};[^\n\0\r]{0,800}$(?!\r)/gm
