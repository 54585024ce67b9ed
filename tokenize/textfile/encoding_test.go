package textfile_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// readAll reads data as a file in the encoding.
func readAll(t testing.TB, name, data, encoding string) (string, error) {
	t.Helper()
	e, err := textfile.ParseEncoding(encoding)
	if err != nil {
		t.Fatal(err)
	}
	r, err := textfile.Open(write(t, filepath.Join(t.TempDir(), name), data), e)
	if err != nil {
		return "", err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	return string(got), err
}

func encoded(t testing.TB, text string, encoding string) string {
	t.Helper()
	var s string
	var err error
	switch encoding {
	case "utf-32le":
		s, err = utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM).NewEncoder().String(text)
	case "utf-32be":
		s, err = utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM).NewEncoder().String(text)
	case "cp949":
		s, err = korean.EUCKR.NewEncoder().String(text)
	case "shift_jis":
		s, err = japanese.ShiftJIS.NewEncoder().String(text)
	case "iso-2022-jp":
		s, err = japanese.ISO2022JP.NewEncoder().String(text)
	case "gb18030":
		s, err = simplifiedchinese.GB18030.NewEncoder().String(text)
	case "utf-16le":
		s, err = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String(text)
	case "utf-16be":
		s, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(text)
	case "latin1":
		s, err = charmap.ISO8859_1.NewEncoder().String(text)
	case "windows-1252":
		s, err = charmap.Windows1252.NewEncoder().String(text)
	default:
		s = text
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// texts holds a text for each encoding, long enough to cross the ends of buffers at all offsets.
var texts = map[string]string{
	"utf-8": "한국어 토큰화, naïve 😀\n", "cp949": "한국어 토큰화 똠방각하 abc\n", "shift_jis": "日本語のテキスト abc\n", "iso-2022-jp": "日本語 abc のテキスト\n",
	"gb18030": "中文文本 😀 abc \uFFFD\n", "utf-16le": "한국어 😀 abc \uFFFD\n", "utf-16be": "한국어 😀 abc\n", "latin1": "déjà vu, naïve\n", "windows-1252": "“quoted” – €\n",
}

func TestEncodings(t *testing.T) {
	for name, text := range texts {
		for _, n := range []int{0, 1, 7, 6000} {
			want := strings.Repeat(text, n)
			data := encoded(t, want, name)
			for file, data := range map[string]string{"a.txt": data, "a.txt.gz": zipped(t, data), "two.gz": zipped(t, data[:len(data)/2]) + zipped(t, data[len(data)/2:])} {
				if got, err := readAll(t, file, data, name); err != nil || got != want {
					t.Errorf("%s, %d lines, %s: got %d bytes (%v), want %d", name, n, file, len(got), err, len(want))
				}
			}
		}
	}
}

// TestInvalid puts invalid bytes at every kind of place. The error must name their offset.
func TestInvalid(t *testing.T) {
	bad := map[string]string{"utf-8": "\xff", "cp949": "\xff", "shift_jis": "\xff\xff", "gb18030": "\xff", "utf-16le": "\x00\xd8a\x00", "utf-16be": "\xdc\x00", "iso-2022-jp": "\xff"}
	random := rand.New(rand.NewPCG(1, 2))
	for name, wrong := range bad {
		line := encoded(t, texts[name], name)
		for _, n := range []int{0, 1, 2, 500, 4000} {
			before := strings.Repeat(line, n)
			for range 3 {
				after := strings.Repeat(line, random.IntN(3000))
				data := before + wrong + after
				for file, data := range map[string]string{"a.txt": data, "a.txt.gz": zipped(t, data)} {
					_, err := readAll(t, file, data, name)
					wantError(t, err, file, fmt.Sprintf("byte 0x%02x at offset %d is not", wrong[0], len(before)))
				}
			}
		}
	}
	for name, cut := range map[string]string{"utf-8": "ab\xea\xb0", "cp949": "ab\xb0", "utf-16le": "a\x00b\x00c", "gb18030": "ab\x81\x30"} {
		want := "offset 2"
		if name == "utf-16le" {
			want = "offset 4"
		}
		_, err := readAll(t, "cut.txt", cut, name)
		wantError(t, err, "cut.txt", want)
	}
}

// TestOffsets reads valid and invalid UTF-8 from readers that return it in parts of different sizes.
func TestOffsets(t *testing.T) {
	text := strings.Repeat("가나다 a😀\n", 9000)
	at := strings.LastIndex(text, "😀")
	broken := text[:at] + text[at+1:]
	for name, r := range map[string]func(io.Reader) io.Reader{"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "error with data": iotest.DataErrReader} {
		for _, c := range []struct{ data, words string }{{text, ""}, {broken, fmt.Sprintf("at offset %d ", at)}} {
			in, err := textfile.NewReader(r(strings.NewReader(c.data)), "input", textfile.Encoding{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(in)
			if c.words != "" {
				wantError(t, err, "input", c.words)
				if want := text[:at]; string(got) != want {
					t.Errorf("%s: got %d bytes before the error, want %d", name, len(got), len(want))
				}
			} else if err != nil || string(got) != text {
				t.Errorf("%s: got %d bytes (%v), want %d", name, len(got), err, len(text))
			}
		}
	}
}

// TestMarks pairs every byte order mark with every kind of named encoding. UTF-8 is the default, so a mark overrides it.
func TestMarks(t *testing.T) {
	const text = "a한\n"
	marked := map[string]string{"utf-8": "\xef\xbb\xbf" + text}
	for name, mark := range map[string]string{"utf-16le": "\xff\xfe", "utf-16be": "\xfe\xff", "utf-32le": "\xff\xfe\x00\x00", "utf-32be": "\x00\x00\xfe\xff"} {
		marked[name] = mark + encoded(t, text, name)
	}
	for name, data := range marked {
		for _, as := range []string{"", "utf-8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "cp949", "latin1", "shift_jis", "gb18030"} {
			for file, data := range map[string]string{"a": data, "a.gz": zipped(t, data)} {
				got, err := readAll(t, file, data, as)
				if as == "" || as == "utf-8" || strings.HasPrefix(name, as) {
					if err != nil || got != text {
						t.Errorf("%s read as %q: got %q (%v), want %q", name, as, got, err, text)
					}
					continue
				}
				e, _ := textfile.ParseEncoding(as)
				wantError(t, err, file, "byte order mark is that of "+name, "the encoding is "+e.String())
			}
		}
	}
	checkSwapped(t)
	_, err := readAll(t, "a", encoded(t, text, "utf-16le"), "utf-16")
	wantError(t, err, "utf-16 without a byte order mark", "utf-16le")
	for _, name := range []string{"utf-32le", "utf-32be"} {
		data := encoded(t, text, name)
		_, err = readAll(t, "a", data, "utf-32")
		wantError(t, err, "utf-32 without a byte order mark", "utf-32le", "utf-32be")
		_, err = readAll(t, "a", data, "utf-8")
		wantError(t, err, "are 0", name)
	}
	for _, name := range []string{"utf-16le", "utf-16be"} {
		_, err = readAll(t, "a", encoded(t, "plain English text", name), "utf-8")
		wantError(t, err, "are 0", name)
		_, err = readAll(t, "a", encoded(t, "한국어 텍스트 문서", name), "utf-8")
		wantError(t, err, "not UTF-8", name)
	}
	if got, err := readAll(t, "a", "\xef\xbb\xbf", "utf-8"); got != "" || err != nil {
		t.Errorf("a mark alone: got %q (%v)", got, err)
	}
}

// checkSwapped reads UTF-16 without a mark in the other byte order.
func checkSwapped(t *testing.T) {
	t.Helper()
	for _, text := range []string{"plain English text\n", "key = 값\n", "a"} {
		for right, wrong := range map[string]string{"utf-16le": "utf-16be", "utf-16be": "utf-16le"} {
			data := encoded(t, text, right)
			if got, err := readAll(t, "a", data, right); err != nil || got != text {
				t.Errorf("%q read as %s: got %q (%v)", text, right, got, err)
			}
			_, err := readAll(t, "a", data, wrong)
			wantError(t, err, "are those of "+right, "the encoding is "+wrong)
		}
	}
	for _, name := range []string{"utf-16le", "utf-16be"} { // 一 is U+4E00: its zero is where the other byte order has the zero of a letter
		if got, err := readAll(t, "a", encoded(t, "一石二鳥、一期一会です", name), name); err != nil || got != "一石二鳥、一期一会です" {
			t.Errorf("Japanese read as %s: got %q (%v)", name, got, err)
		}
	}
}

// TestISO2022: text in ISO-2022 is not accepted as UTF-8, wherever its first escape sequence is. Colours of a terminal are accepted.
func TestISO2022(t *testing.T) {
	japanese := encoded(t, "日本語\n", "iso-2022-jp")
	for _, r := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
		for _, n := range []int{0, 1, 511, 1<<16 - 2, 1<<16 - 1, 1 << 16, 100000} {
			for before, want := range map[string]string{strings.Repeat("a", n): "iso-2022-jp", strings.Repeat("a", n) + "\xff": "is not UTF-8"} {
				in, err := textfile.NewReader(r(strings.NewReader(before+japanese)), "mail", textfile.Encoding{})
				if err == nil {
					_, err = io.ReadAll(in)
				}
				wantError(t, err, "mail", fmt.Sprintf("offset %d", n), want)
			}
		}
	}
	for _, text := range []string{"\x1b[31mred\x1b[0m", "\x1b", "a\x1b$", "\x1b$\x1b$", "\x1b\x1b한", "\x1b$한", "$\x1b\n"} {
		if got, err := readAll(t, "a", text, "utf-8"); err != nil || got != text {
			t.Errorf("got %q (%v), want %q", got, err, text)
		}
	}
	_, err := readAll(t, "a", "\x1b\xff", "utf-8")
	wantError(t, err, "byte 0xff at offset 1 is not UTF-8")
	_, err = readAll(t, "a", "caf\xe9", "ascii")
	wantError(t, err, "byte 0xe9 at offset 3 is not UTF-8")
}

func TestParseEncoding(t *testing.T) {
	for _, name := range []string{"euc-kr", "CP949", "uhc", "utf-16", "UTF-16LE", "utf-16be", "latin1", "windows-1252", "cp1252", "Shift_JIS", "sjis", "gb18030", "gbk", "gb2312", "big5", "euc-jp", "koi8-r", "iso-8859-15", "utf-8", "UTF8", "macintosh", "iso-2022-jp"} {
		e, err := textfile.ParseEncoding(name)
		if err != nil {
			t.Error(err)
		}
		again, err := textfile.ParseEncoding(e.String())
		if err != nil || again != e {
			t.Errorf("%s: got %s (%v), want %s", name, again, err, e)
		}
	}
	for _, name := range []string{"utf-9", "iso-2022-kr", "replacement", "klingon"} {
		_, err := textfile.ParseEncoding(name)
		wantError(t, err, name, "not known")
	}
	var e textfile.Encoding
	f := flag.NewFlagSet("x", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.TextVar(&e, "encoding", e, "encoding")
	if err := f.Parse([]string{"-encoding", "cp949"}); err != nil || e.String() != "euc-kr" {
		t.Errorf("flag: got %s (%v), want euc-kr", e, err)
	}
	wantError(t, f.Parse([]string{"-encoding", "x-none"}), "x-none")
}
