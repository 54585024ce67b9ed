package report_test

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// event is a record of an event file.
type event struct {
	version string
	step    int
	values  map[string]float64
}

// readEvents reads an event file by the formats' definitions, without the code and the library that write it.
func readEvents(t testing.TB, path string) (all []event) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table := crc32.MakeTable(0x82f63b78) // Castagnoli's polynomial, reversed
	check := func(data []byte, want uint32) {
		if c := crc32.Checksum(data, table); (c>>15|c<<17)+0xa282ead8 != want {
			t.Fatalf("%s: a checksum is wrong", path)
		}
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint64(b)
		check(b[:8], binary.LittleEndian.Uint32(b[8:]))
		check(b[12:12+n], binary.LittleEndian.Uint32(b[12+n:]))
		e := event{values: map[string]float64{}}
		for _, f := range fields(t, b[12:12+n]) {
			switch f.number {
			case 1:
				if wall := math.Float64frombits(f.bits); math.Abs(wall-float64(time.Now().Unix())) > 100 {
					t.Errorf("got the time %v, want now", wall)
				}
			case 2:
				e.step = int(f.bits)
			case 3:
				e.version = string(f.data)
			case 5:
				for _, v := range fields(t, f.data) {
					s := fields(t, v.data)
					e.values[string(s[0].data)] = float64(math.Float32frombits(uint32(s[1].bits)))
				}
			}
		}
		all, b = append(all, e), b[16+n:]
	}
	return all
}

// field is a field of a protocol buffer.
type field struct {
	number int
	bits   uint64
	data   []byte
}

// fields splits a message by the definition of the encoding.
func fields(t testing.TB, b []byte) (all []field) {
	t.Helper()
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		b = b[n:]
		f := field{number: int(key >> 3)}
		switch key & 7 {
		case 0:
			f.bits, n = binary.Uvarint(b)
		case 1:
			f.bits, n = binary.LittleEndian.Uint64(b), 8
		case 2:
			size, m := binary.Uvarint(b)
			f.data, n = b[m:m+int(size)], m+int(size)
		case 5:
			f.bits, n = uint64(binary.LittleEndian.Uint32(b)), 4
		default:
			t.Fatalf("a field has kind %d", key&7)
		}
		all, b = append(all, f), b[n:]
	}
	return all
}

// readJSONL reads a file as events.
func readJSONL(t testing.TB, path string) (all []event) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		e := event{}
		if err := json.Unmarshal([]byte(line), &e.values); err != nil {
			t.Fatal(err)
		}
		e.step = int(e.values["step"])
		delete(e.values, "step")
		all = append(all, e)
	}
	return all
}

// TestRecorders writes steps and an evaluation, is killed within a record, and continues after step 2 and after step 0.
func TestRecorders(t *testing.T) {
	for kind, k := range map[string]struct {
		open func(dir string, step int) (report.Recorder, error)
		read func(testing.TB, string) []event
		head int // records before the first step
	}{
		"jsonl": {func(dir string, step int) (report.Recorder, error) {
			return report.OpenJSONL(filepath.Join(dir, "log.jsonl"), step)
		}, readJSONL, 0},
		"tensorboard": {func(dir string, step int) (report.Recorder, error) { return report.OpenEvents(dir, step) }, readEvents, 1},
	} {
		dir := t.TempDir()
		write := func(after, to int) {
			r, err := k.open(dir, after)
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			defer r.Close()
			for step := after + 1; step <= to; step++ {
				err := r.Record(step, report.StepValues(train.Report{Step: step, Loss: float64(step) / 4, GradNorm: math.Inf(1), Rate: 0.5, Tokens: 7, Elapsed: time.Second, Skipped: step == 2}))
				if err == nil && step == 2 {
					err = r.Record(step, []report.Value{{Name: "valid_loss", Value: 1.5}, {Name: `odd "name"/loss`, Value: math.NaN()}})
				}
				if err == nil {
					err = r.Sync()
				}
				if err != nil {
					t.Fatalf("%s: %v", kind, err)
				}
			}
		}
		path := func() string {
			found, _ := filepath.Glob(filepath.Join(dir, "*"))
			if len(found) != 1 {
				t.Fatalf("%s: got files %v, want one", kind, found)
			}
			return found[0]
		}
		write(0, 4)
		whole := k.read(t, path())
		first := map[string]float64{"loss": 0.25, "rate": 0.5, "tokens": 7, "seconds": 1}
		if len(whole) != k.head+5 || !reflect.DeepEqual(whole[k.head].values, first) || whole[k.head+2].values["valid_loss"] != 1.5 || whole[k.head+1].values["skipped"] != 1 {
			t.Errorf("%s: got records %+v", kind, whole)
		}
		if k.head == 1 && (whole[0].version != "brain.Event:2" || !strings.HasPrefix(filepath.Base(path()), "events.out.tfevents.")) {
			t.Errorf("got the first record %+v of %s", whole[0], path())
		}
		text, _ := os.ReadFile(path())
		os.WriteFile(path(), text[:len(text)-3], 0o644) // killed
		write(2, 4)
		if again := k.read(t, path()); !reflect.DeepEqual(again, whole) {
			t.Errorf("%s: got %+v after a resumption, want %+v", kind, again, whole)
		}
		write(0, 1)
		if again := k.read(t, path()); len(again) != k.head+1 {
			t.Errorf("%s: got %+v in a new run, want one step", kind, again)
		}
		text, _ = os.ReadFile(path())
		text[len(text)/2] ^= 0x55
		text[0] ^= 0x55
		os.WriteFile(path(), text, 0o644)
		if _, err := k.open(dir, 1); err == nil || !strings.Contains(err.Error(), "move the file away") {
			t.Errorf("%s: got error %v of a damaged file, want one with the remedy", kind, err)
		}
		if left, _ := os.ReadFile(path()); string(left) != string(text) {
			t.Errorf("%s: the damaged file has changed", kind)
		}
	}
}
