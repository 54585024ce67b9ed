// Package tokenize turns text into token ids and back.
//
// A tokenizer is a chain of five small stages. Each stage is an interface with one or a few methods. Each implementation
// is data that can be printed, compared and written to a file:
//
//	text ─→ Normalizer ─→ Splitter ─→ Model ─→ PostProcessor ─→ ids
//	ids ─→ Decoder ─→ text
//
// A Normalizer rewrites the text (lower case, Unicode forms). A Splitter cuts it into pieces that no token crosses. A
// Model turns a piece into tokens: BPE, WordPiece, Unigram, WordLevel or SentencePiece. A PostProcessor adds the tokens
// that a trained model expects around a text. A Decoder joins tokens to text. Added tokens ("<pad>", "<|endoftext|>") are
// found in the text before all stages. Stages holds the parts; New checks that they fit and returns a Tokenizer.
//
// # Terms
//
//	token    a string of the vocabulary, spelled as in Hugging Face's files ("Ġthe" is " the")
//	id       the number of a token, int32, from 0
//	piece    a part of the text that a Splitter yields
//	offset   a Span of the original text, in bytes or in runes, tracked through every stage
//	special  an added token that controls the model; untrusted text should not be able to contain it
//
// # Loading, training and saving
//
// Load reads the folder of a model with all files that define its tokenizer, or a single file: Hugging Face's
// tokenizer.json, GPT-2's vocab.json with merges.txt, BERT's vocab.txt, a .tiktoken file of OpenAI or a .model file of
// sentencepiece. LoadTiktoken takes a custom pattern and custom special tokens. Package trainer trains tokenizers on text.
// ParseGGUF and GGUF read and write the tokenizer of a GGUF file, the format of llama.cpp.
// Save, SaveGPT2, SaveWordPiece, SaveTiktoken and SaveSentencePiece write files that Load reads. ModelFiles returns the
// files for the folder of a model. Stages.Pieces returns the pieces of texts without a Model.
//
// BOS, EOS, Pad, Unk, CLS, Sep and Mask return the ids of tokens with a role (see Roles). The Truncation and Padding of a
// file apply to Encode and the other functions that encode texts for a model. AppendEncode, for corpora, and ForText, for
// prompts, never cut or pad.
//
// # Hugging Face's components
//
// Every normalizer, pre-tokenizer, post-processor and decoder of a tokenizer.json has a type here. It has the same name
// unless the name is taken: BertSplitter is BertPreTokenizer; StripDecoder, WordPieceDecoder and ByteLevelNormalizer are
// the decoders Strip and WordPiece and the normalizer ByteLevel. Results are those of the tokenizers library, version
// 0.23, with these exceptions:
//
//   - The offsets of a character that NFC or NFKC composes cover all its parts, not only the first one.
//   - Offsets are correct after characters that Precompiled removes at the start of a text.
//   - Text without a token is an error if there is no unknown token, unless OmitUnknown is set.
//   - An added token keeps the id of the file if it is free, even after a gap.
//   - Truncation always keeps all windows of the overflow, and compares the full lengths of a pair.
//   - SkipSpecial also leaves out special tokens that are normalized.
//   - Decode ignores clean_up_tokenization_spaces of a tokenizer_config.json.
//   - A regular expression with an unsupported construct is an error. Properties other than the first letters of categories
//     (\p{L}), Lu, Ll, Nd and scripts have the Unicode version of the standard library.
//   - A regular expression takes linear time. An expression with references, with repeats of parts that may be empty, or with
//     unbounded lookaround may exceed a time bound, which is an error that names the pattern and the byte.
//
// # Text that is not UTF-8
//
// Byte-level BPE restores every string byte for byte. The other models read each byte that is not part of a valid
// character as U+FFFD. This is a known character, the unknown token or an error, like any other character. Package
// textfile reads text files: a byte that is not text is an error, and other encodings can be named.
//
// # Errors
//
// Nothing panics on a text or a file. Errors read "tokenize: what: detail: remedy" and name the place: the byte of the
// text, the position of an id, the line or the key of a file. A word outside the vocabulary is an error unless there is
// an unknown token; nothing is dropped silently. An unknown component of a file is an error that names it.
//
// A Tokenizer may be used from many goroutines at once.
package tokenize
