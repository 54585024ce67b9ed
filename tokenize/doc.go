// Package tokenize turns text into token ids and back.
//
// The one idea is a chain of five small stages, each of them an interface with one method or little more, and each of
// them data that can be printed, compared and written to a file:
//
//	text ─→ Normalizer ─→ Splitter ─→ Model ─→ PostProcessor ─→ ids
//	ids ─→ Decoder ─→ text
//
// A Normalizer rewrites the text (lower case, Unicode forms). A Splitter cuts it into pieces that no token crosses. A
// Model turns a piece into tokens: BPE, WordPiece, Unigram, WordLevel or SentencePiece. A PostProcessor adds the tokens
// that a trained model expects around a text. A Decoder joins tokens to text. Added tokens ("<pad>", "<|endoftext|>") are
// found in the text before all of this. A Tokenizer is Stages put together; New checks that they fit.
//
// # Words used
//
//	token    a string of the vocabulary, spelled as Hugging Face files spell it ("Ġthe" is " the")
//	id       its number, int32, from 0
//	piece    what a Splitter yields
//	offset   a Span of the original text, in bytes (in runes when asked), carried through every stage
//	special  an added token with a meaning of its own, which text from strangers should not be able to write
//
// # Getting one
//
// Load reads the folder of a model with all files that define its tokenizer, or one file: Hugging Face's tokenizer.json, GPT-2's
// vocab.json with merges.txt, BERT's vocab.txt, a .tiktoken file of OpenAI (LoadTiktoken takes a pattern and special tokens of
// your own) or a .model of sentencepiece. Package trainer makes
// tokenizers from text. Save, SaveGPT2, SaveWordPiece, SaveTiktoken and SaveSentencePiece write what Load reads, and ModelFiles
// returns the files for the folder of a model. Stages.Pieces finds the pieces of texts without a Model.
//
// BOS, EOS, Pad, Unk, CLS, Sep and Mask return the ids of tokens with a role (see Roles). Truncation and Padding of a file count
// for Encode and its like, which encode single texts. AppendEncode, with which corpora are encoded, and ForText, for prompts, never
// cut or pad.
//
// # Hugging Face's components
//
// Every normalizer, pre-tokenizer, post-processor and decoder of a tokenizer.json has its type here, under its name there
// where that is free: BertSplitter is BertPreTokenizer, StripDecoder, WordPieceDecoder and ByteLevelNormalizer are Strip,
// WordPiece and ByteLevel in those roles. Results are those of the tokenizers library, version 0.23, but for this:
//
//   - The offsets of a character that NFC or NFKC composes have all that it is composed of, not the first part alone.
//   - The offsets behind characters that Precompiled leaves out at the start of a text are right.
//   - Text without a token is an error where there is no unknown token, unless OmitUnknown is set.
//   - An added token keeps the id that the file gives it while that is free, also behind a gap.
//   - Truncation always keeps all windows of the overflow and compares the whole lengths of a pair.
//   - SkipSpecial leaves out special tokens that are normalized, too.
//   - Decode does not follow clean_up_tokenization_spaces of a tokenizer_config.json.
//   - A regular expression with a construct that has no counterpart here is an error; other properties than first letters
//     of categories (\p{L}), Lu, Ll, Nd and scripts are those of the standard library's version of Unicode.
//   - A regular expression takes linear time. One with references, repeats of parts that may be empty or unbounded looks ahead
//     may take longer than a bound, which is an error that names the pattern and the byte.
//
// # Text that is not UTF-8
//
// Byte-level BPE gives every string back byte for byte. The other models read each byte that is not part of a valid
// character as U+FFFD, which then is a known character, the unknown token or an error like any other. Files of text are read by
// package textfile: in them a byte that is no text is an error, and other encodings can be named.
//
// # Errors
//
// Nothing panics on a text or a file. Errors read "tokenize: what: detail: remedy" and name the place: the byte of the
// text, the position of an id, the line or the key of a file. A word outside the vocabulary is an error unless there is
// an unknown token; nothing is dropped silently. A component of a file that is not known here is an error that names it.
//
// A Tokenizer may be used from many goroutines at once.
package tokenize
