//go:build amd64 && !purego

package kernel

import (
	"bytes"
	"debug/elf"
	little "encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// The addresses of testdata/emulate.s, and of the calls and their operands.
const (
	stubAt  = 0x100000
	arenaAt = 0x4000000
)

// TestEmulated runs the assembly for AVX-512 and VNNI on an emulated processor, without an operating system: an emulator starts a list of
// calls and prints their memory. The results must have the bits of plain Go. It needs the programs of Debian's packages bochs, isolinux,
// syslinux-common, xorriso and binutils.
func TestEmulated(t *testing.T) {
	if !sweep.All() {
		t.Skip("SWEEPS=all runs the emulator")
	}
	if !accelerated || !hasF16C {
		t.Skip("this processor has no assembly to prepare the operands")
	}
	e, r := newEmulation(), rand.New(rand.NewPCG(1, 2))
	e.quantCases(r)
	e.gemmCases(r, &stripsAVX512)
	memory := e.run(t)
	bad := 0
	for _, x := range e.results {
		if got := memory[x.at:][:len(x.want)]; !bytes.Equal(got, x.want) {
			if bad++; bad < 10 {
				t.Errorf("%s: got % x, want % x", x.name, got, x.want)
			}
		}
	}
	t.Logf("%d of %d products have other bits", bad, len(e.results))
}

// emulation is a list of calls of assembly, with their operands in memory at a fixed address.
type emulation struct {
	memory, calls []byte
	results       []result
}

type result struct {
	name string
	at   int // in memory
	want []byte
}

const listRoom = 1 << 20

// newEmulation returns an emulation without calls. Its memory begins with a mark, to find it in the emulator's output.
func newEmulation() *emulation { return &emulation{memory: []byte("memory of the emulated processor")} }

// run runs the calls and returns the memory after them.
func (e *emulation) run(t *testing.T) []byte {
	const boot = "/usr/lib/syslinux/modules/bios/"
	iso := filepath.Join(t.TempDir(), "iso")
	if err := os.Mkdir(iso, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/usr/lib/ISOLINUX/isolinux.bin", boot + "ldlinux.c32", boot + "mboot.c32", boot + "libcom32.c32"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Skip(err)
		}
		write(t, filepath.Join(iso, filepath.Base(name)), data)
	}
	dir := filepath.Dir(iso)
	tool(t, "as", "--64", "-o", dir+"/stub.o", "testdata/emulate.s")
	tool(t, "ld", "-m", "elf_x86_64", "-Ttext=0x100000", "-e", "_start", "--oformat", "binary", "-o", dir+"/stub", dir+"/stub.o")
	stub, err := os.ReadFile(dir + "/stub")
	if err != nil {
		t.Fatal(err)
	}
	write(t, iso+"/image", e.image(t, stub))
	write(t, iso+"/isolinux.cfg", []byte("DEFAULT image\nPROMPT 0\nLABEL image\n KERNEL mboot.c32\n APPEND image\n"))
	tool(t, "xorriso", "-as", "mkisofs", "-quiet", "-o", dir+"/boot.iso", "-b", "isolinux.bin", "-c", "boot.cat",
		"-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", iso)
	write(t, dir+"/settings", []byte(strings.ReplaceAll(emulator, "DIR", dir)))
	write(t, dir+"/commands", []byte("c\n"))
	printed := tool(t, "bochs-bin", "-q", "-f", dir+"/settings", "-rc", dir+"/commands")
	at := bytes.Index(printed, e.memory[:32])
	if at < 0 || len(printed) < at+len(e.memory) {
		log, _ := os.ReadFile(dir + "/log")
		t.Fatalf("the emulator has stopped before the end: %d bytes printed, want %d\n%s", len(printed), len(e.memory), log[max(0, len(log)-4000):])
	}
	return printed[at:][:len(e.memory)]
}

// emulator are the settings of a processor with AVX-512 and VNNI.
const emulator = `
display_library: rfb, options="timeout=0"
memory: guest=256, host=256
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=tigerlake, ips=200000000, reset_on_triple_fault=0
clock: sync=none
ata0-master: type=cdrom, path=DIR/boot.iso, status=inserted
boot: cdrom
sound: driver=dummy
port_e9_hack: enabled=1
log: DIR/log
panic: action=fatal
`

func write(t *testing.T, name string, data []byte) {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program, and skips the test if it is missing. The emulator ends with status 1 when the list has switched it off.
func tool(t *testing.T, name string, args ...string) []byte {
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(err)
	}
	var errors bytes.Buffer
	c := exec.CommandContext(t.Context(), name, args...)
	c.Stderr = &errors
	out, err := c.Output()
	if err != nil && name != "bochs-bin" {
		t.Fatalf("%s: %v\n%s", name, err, errors.String())
	}
	return out
}

// put places a copy of the elements in memory and returns its address.
func put[T any](e *emulation, x []T) uint64 {
	for len(e.memory)%64 != 32 { // not on the boundary of a vector of 64 bytes
		e.memory = append(e.memory, 0)
	}
	at := len(e.memory)
	e.memory = append(e.memory, raw(x)...)
	e.memory = append(e.memory, make([]byte, 64)...)
	return uint64(arenaAt + listRoom + at)
}

func raw[T any](x []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(zero)))
}

// call adds a call of an assembly function.
func (e *emulation) call(f any, args ...uint64) {
	for _, v := range append([]uint64{uint64(assembly(f)), uint64(len(args))}, args...) {
		e.calls = little.LittleEndian.AppendUint64(e.calls, v)
	}
}

// expect names the memory at an address and its expected contents.
func expect[T any](e *emulation, name string, at uint64, want []T) {
	e.results = append(e.results, result{name: name, at: int(at) - arenaAt - listRoom, want: slices.Clone(raw(want))})
}

// assembly returns the address of the assembly that a function value calls: the target of a call in its wrapper.
func assembly(f any) uintptr {
	p := reflect.ValueOf(f).Pointer()
	name := runtime.FuncForPC(p).Name()
	code := unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&p))), 4096)
	for i := range len(code) - 5 {
		if code[i] != 0xe8 {
			continue
		}
		to := p + uintptr(i+5) + uintptr(int32(little.LittleEndian.Uint32(code[i+1:])))
		if g := runtime.FuncForPC(to); g != nil && g.Entry() == to && to != p && g.Name() == name {
			return to
		}
	}
	panic("no assembly of " + name)
}

// image returns a 32-bit ELF file with the stub, the segments of this program that are not written, and the calls.
func (e *emulation) image(t *testing.T, stub []byte) []byte {
	arena := little.LittleEndian.AppendUint64(nil, arenaAt+listRoom)
	arena = little.LittleEndian.AppendUint64(arena, uint64(len(e.memory)))
	arena = append(append(arena, e.calls...), make([]byte, 16)...)
	if len(arena) > listRoom {
		t.Fatal("too many calls")
	}
	arena = append(append(arena, make([]byte, listRoom-len(arena))...), e.memory...)
	type segment struct {
		at   uint32
		data []byte
	}
	segments := []segment{{stubAt, stub}, {arenaAt, arena}}
	self, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range self.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_W == 0 {
			data := make([]byte, p.Filesz)
			if _, err := p.ReadAt(data, 0); err != nil {
				t.Fatal(err)
			}
			segments = append(segments, segment{uint32(p.Vaddr), data})
		}
	}
	var b, data bytes.Buffer
	put := func(v any) { little.Write(&b, little.LittleEndian, v) }
	h := elf.Header32{Type: 2, Machine: 3, Version: 1, Entry: stubAt + 12, Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: uint16(len(segments))}
	copy(h.Ident[:], "\x7fELF\x01\x01\x01")
	put(h)
	const first = 4096
	for _, s := range segments {
		n := uint32(len(s.data))
		put(elf.Prog32{Type: 1, Off: first + uint32(data.Len()), Vaddr: s.at, Paddr: s.at, Filesz: n, Memsz: n, Flags: 7, Align: 4})
		data.Write(s.data)
		data.Write(make([]byte, -data.Len()&4095))
	}
	b.Write(stub[:12]) // the multiboot header must be near the beginning of the file
	b.Write(make([]byte, first-b.Len()))
	b.Write(data.Bytes())
	return b.Bytes()
}
