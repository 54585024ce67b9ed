package textfile

import (
	"bytes"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// Encoding is the encoding of a text. The zero value is UTF-8. It implements encoding.TextUnmarshaler, so that it can be a flag.
type Encoding struct {
	name string // "" is UTF-8
	enc  encoding.Encoding
}

// The encodings of UTF-16 and UTF-32. NewReader handles byte order marks before decoding.
var (
	utf16LE = Encoding{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	utf16BE = Encoding{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
	utf32LE = Encoding{"utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)}
	utf32BE = Encoding{"utf-32be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}
)

// ours maps the names that the two indexes lack or interpret differently.
var ours = map[string]Encoding{
	"": {}, "utf-8": {}, "utf8": {}, "utf-8-sig": {},
	"ascii": {}, "us-ascii": {}, // the web's index reads ascii as windows-1252, which would accept any byte
	"utf-16": {name: "utf-16"}, "utf16": {name: "utf-16"}, "utf-16le": utf16LE, "utf-16be": utf16BE,
	"utf-32": {name: "utf-32"}, "utf32": {name: "utf-32"}, "utf-32le": utf32LE, "utf-32be": utf32BE,
}

// aliases maps further names to names of the indexes.
var aliases = map[string]string{
	"cp949": "euc-kr", "ms949": "euc-kr", "uhc": "euc-kr", "windows-949": "euc-kr", "euckr": "euc-kr",
	"cp932": "shift_jis", "ms932": "shift_jis", "windows-31j": "shift_jis", "sjis": "shift_jis",
	"cp936": "gbk", "cp950": "big5", "eucjp": "euc-jp", "cp1252": "windows-1252", "cp1251": "windows-1251", "cp1250": "windows-1250",
}

// ParseEncoding returns the encoding with this name: utf-8, utf-16, utf-16le, utf-16be, cp949, or any name in IANA's registry or in
// the Encoding Standard of the web, such as euc-kr, shift_jis, gb18030, big5, latin1, windows-1252. Case does not matter.
func ParseEncoding(name string) (Encoding, error) {
	key := strings.ToLower(strings.TrimSpace(name))
	if e, ok := ours[key]; ok {
		return e, nil
	}
	if alias, ok := aliases[key]; ok {
		key = alias
	}
	enc, err := ianaindex.IANA.Encoding(key)
	if err != nil || enc == nil {
		enc, err = htmlindex.Get(key)
	}
	if err != nil || enc == nil || enc == encoding.Replacement || enc == encoding.Nop {
		return Encoding{}, errors.Errorf("encoding %q is not known: want utf-8, utf-16, cp949, shift_jis, gb18030, big5, latin1, windows-1252 or another name of IANA", name)
	}
	return Encoding{key, enc}, nil
}

// String returns the name of the encoding.
func (e Encoding) String() string {
	if e.name == "" {
		return "utf-8"
	}
	return e.name
}

// MarshalText implements encoding.TextMarshaler.
func (e Encoding) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Encoding) UnmarshalText(name []byte) (err error) {
	*e, err = ParseEncoding(string(name))
	return err
}

// needsMark reports whether e needs a byte order mark to determine its byte order.
func (e Encoding) needsMark() bool { return e.name != "" && e.enc == nil }

// marks lists the byte order marks. UTF-32LE precedes UTF-16LE, because its mark begins with the mark of UTF-16LE.
var marks = []struct {
	bytes string
	e     Encoding
}{
	{"\xef\xbb\xbf", Encoding{}}, {"\xff\xfe\x00\x00", utf32LE}, {"\x00\x00\xfe\xff", utf32BE}, {"\xff\xfe", utf16LE}, {"\xfe\xff", utf16BE},
}

// markOf returns the encoding of the byte order mark at the start of head, and the length of the mark. Without a mark it is 0.
func markOf(head []byte) (Encoding, int) {
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.e, len(m.bytes)
		}
	}
	return Encoding{}, 0
}

// agrees reports whether a text in the encoding e may begin with the byte order mark of marked. UTF-8 is the default, so any
// mark overrides it. UTF-16 and UTF-32 allow both byte orders.
func (e Encoding) agrees(marked Encoding) bool {
	return e.name == "" || e.name == marked.name || e.needsMark() && strings.HasPrefix(marked.name, e.name)
}

// swapped returns the other byte order of an encoding of UTF-16, otherwise "".
func (e Encoding) swapped() string {
	switch e.name {
	case utf16LE.name:
		return utf16BE.name
	case utf16BE.name:
		return utf16LE.name
	}
	return ""
}
