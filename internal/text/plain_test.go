package text_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/petalake/petalake/internal/text"
)

const chunk = 2048

// file writes a file.
func file(t testing.TB, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rows reads files of one thread and shows what is in them.
func rows(t testing.TB, f text.PlainFormat, paths ...string) (out []string, err error) {
	t.Helper()
	reader := text.NewPlainReader(paths, f)
	defer reader.Close()
	thread := reader.Thread()
	defer thread.Close()
	memory := make([][]byte, len(f.Columns))
	vectors := make([]text.Vector, len(f.Columns))
	nulls := make([]map[int]bool, len(f.Columns))
	for {
		for i := range vectors {
			memory[i], nulls[i] = make([]byte, chunk*16), map[int]bool{}
			vectors[i] = text.Vector{Data: unsafe.Pointer(&memory[i][0]), Null: func(row int) { nulls[i][row] = true }}
		}
		n, err := thread.Fill(t.Context(), vectors, chunk)
		if n == 0 || err != nil {
			return out, err
		}
		for row := range n {
			var shown []string
			for i, c := range f.Columns {
				if nulls[i][row] {
					shown = append(shown, "NULL")
					continue
				}
				shown = append(shown, show(c, vectors[i].Data, row))
			}
			out = append(out, strings.Join(shown, "|"))
		}
	}
}

func at[T any](data unsafe.Pointer, row int) T {
	var zero T
	return *(*T)(unsafe.Add(data, row*int(unsafe.Sizeof(zero))))
}

func show(c text.PlainColumn, data unsafe.Pointer, row int) string {
	switch c.Kind {
	case text.Text:
		return textOf(unsafe.Add(data, row*16))
	case text.Bool, text.Int8:
		return fmt.Sprint(at[int8](data, row))
	case text.Int16, text.Decimal16:
		return fmt.Sprint(at[int16](data, row))
	case text.Int32, text.Decimal32, text.Date:
		return fmt.Sprint(at[int32](data, row))
	case text.Float32:
		return fmt.Sprint(at[float32](data, row))
	case text.Float64:
		return fmt.Sprint(at[float64](data, row))
	}
	return fmt.Sprint(at[int64](data, row))
}

func textOf(p unsafe.Pointer) string {
	n := *(*uint32)(p)
	if n <= 12 {
		inline := unsafe.Slice((*byte)(unsafe.Add(p, 4)), 12)
		if bytes.Trim(inline[n:], "\x00") != nil {
			return "bytes behind the text"
		}
		return string(inline[:n])
	}
	long := unsafe.Slice(*(**byte)(unsafe.Add(p, 8)), n)
	if string(unsafe.Slice((*byte)(unsafe.Add(p, 4)), 4)) != string(long[:4]) {
		return "another prefix"
	}
	return strings.Clone(string(long))
}

func format(kinds ...text.Kind) text.PlainFormat {
	f := text.PlainFormat{Delimiter: ',', Quote: '"'}
	for _, k := range kinds {
		f.Columns = append(f.Columns, text.PlainColumn{Kind: k, Width: 4, Scale: 2})
	}
	return f
}

// TestValues promises the plainest form of each type, NULLs, quotes, and both kinds of lines.
func TestValues(t *testing.T) {
	all := format(text.Int64, text.Text, text.Float64, text.Date, text.Timestamp, text.Bool, text.Int32, text.Int16, text.Int8, text.Float32, text.Decimal16)
	data := "-7,short,1.25,1970-01-02,1970-01-01 00:00:01.5,true,-2147483648,-32768,-128,0.5,-12.3\n" +
		"999999999999999999,\"more than twelve, and \"\"quoted\"\"\",1e3,2000-02-29,1969-12-31T23:59:59,false,1,2,3,4,5\n" +
		",,,,,,,,,,\n" +
		"\"1\",\"ü\",\"0.1\",\"0001-01-01\",\"9999-12-31 23:59:59.999999\",\"true\",0,0,0,-0,\"0.01\""
	want := []string{
		"-7|short|1.25|1|1500000|1|-2147483648|-32768|-128|0.5|-1230",
		`999999999999999999|more than twelve, and "quoted"|1000|11016|-1000000|0|1|2|3|4|500`,
		"NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
		"1|ü|0.1|-719162|253402300799999999|1|0|0|0|-0|1",
	}
	for name, text := range map[string]string{"lines": data, "carriage returns": strings.ReplaceAll(data, "\n", "\r\n") + "\r\n"} {
		got, err := rows(t, all, file(t, text))
		if err != nil || strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %v\ngot  %s\nwant %s", name, err, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
		}
	}
}

// TestFiles promises that the header of each file is passed over, and that an empty file is none.
func TestFiles(t *testing.T) {
	f := format(text.Int64, text.Text)
	f.Header = true
	got, err := rows(t, f, file(t, "a,\"b\n\"\n1,x\n"), file(t, ""), file(t, "a,b\n"), file(t, "a,b\n2,y"))
	if err != nil || strings.Join(got, " ") != "1|x 2|y" {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestDeclined promises that what is unusual is left to others, never read in some way.
func TestDeclined(t *testing.T) {
	f := format(text.Int64, text.Text, text.Decimal16)
	for _, data := range []string{
		"1,a\n", "1,a,1,1\n", "\n", "1,a,1\n\n", "x,a,1\n", "+1,a,1\n", " 1,a,1\n", "1 ,a,1\n", "1.0,a,1\n", "9999999999999999999,a,1\n", "-,a,1\n",
		"1,a\"b,1\n", "1,\"a,1\n", "1,\"a\"b,1\n", "1,\"\",1\n", "1,\"\"\"\",1\n", "1,\xff,1\n", "1,a\x00,1\n", "1,a\rb,1\n", "1,a,1\r\n1,a,1\n", "1,a,1\n1,a,1\r\n",
		"\xef\xbb\xbf1,a,1\n", "1,a,1.234\n", "1,a,100\n", "1,a,1.\n", "1,a,1e2\n", "1," + strings.Repeat("x", 600_000) + ",1\n",
	} {
		if got, err := rows(t, f, file(t, data)); !errors.Is(err, text.ErrDeclined) {
			t.Errorf("%.40q: got %v, %v, want %v", data, got, err, text.ErrDeclined)
		}
	}
	for kind, bad := range map[text.Kind][]string{
		text.Date:      {"2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31", "0000-01-01", "2024-1-01", "2024/01/01", "2024-01-01 "},
		text.Timestamp: {"2024-01-01", "2024-01-01 24:00:00", "2024-01-01 00:60:00", "2024-01-01 00:00:60", "2024-01-01 00:00", "2024-01-01 00:00:00.", "2024-01-01 00:00:00.1234567", "2024-01-01 00:00:00Z"},
		text.Bool:      {"t", "1", "TRUE", "truely", "fals"},
		text.Float64:   {".5", "5.", "inf", "nan", "1e", "1e999", "--1", "1.2.3", "0x1"},
		text.Float32:   {".5", "inf", "1e39", "1_0"},
		text.Int32:     {"2147483648"}, text.Int16: {"32768"}, text.Int8: {"128"},
	} {
		for _, value := range bad {
			if got, err := rows(t, format(kind, text.Int64), file(t, value+",1\n")); !errors.Is(err, text.ErrDeclined) {
				t.Errorf("kind %d: %q: got %v, %v, want %v", kind, value, got, err, text.ErrDeclined)
			}
		}
	}
}

// TestThreads promises that each record is read by one thread, however blocks cut the file.
func TestThreads(t *testing.T) {
	var b strings.Builder
	const records = 300_000
	for i := range records {
		fmt.Fprintf(&b, "%d,\"line\none of %d\"\n", i, i)
	}
	reader := text.NewPlainReader([]string{file(t, b.String())}, format(text.Int64, text.Text))
	defer reader.Close()
	var sum, count atomic.Int64
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			thread := reader.Thread()
			defer thread.Close()
			numbers, texts := make([]int64, chunk), make([]byte, chunk*16)
			out := []text.Vector{{Data: unsafe.Pointer(&numbers[0])}, {Data: unsafe.Pointer(&texts[0])}}
			for {
				n, err := thread.Fill(context.Background(), out, chunk)
				if err != nil {
					t.Error(err)
				}
				if n == 0 {
					return
				}
				count.Add(int64(n))
				for row := range n {
					sum.Add(numbers[row])
					if want := fmt.Sprintf("line\none of %d", numbers[row]); textOf(unsafe.Pointer(&texts[row*16])) != want {
						t.Errorf("record %d has another's text", numbers[row])
					}
				}
			}
		})
	}
	group.Wait()
	if count.Load() != records || sum.Load() != records*(records-1)/2 {
		t.Errorf("got %d records with the sum %d", count.Load(), sum.Load())
	}
}

// BenchmarkFill says how long a field takes.
func BenchmarkFill(b *testing.B) {
	var data strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&data, "%d,%d.%02d,1996-03-%02d,DELIVER IN PERSON,\"slyly bold requests %d\"\n", i, i%1000, i%100, 1+i%28, i)
	}
	path := file(b, data.String())
	f := format(text.Int64, text.Float64, text.Date, text.Text, text.Text)
	out := make([]text.Vector, len(f.Columns))
	for i := range out {
		out[i].Data = unsafe.Pointer(&make([]byte, chunk*16)[0])
	}
	b.SetBytes(int64(data.Len()))
	for b.Loop() {
		reader := text.NewPlainReader([]string{path}, f)
		thread := reader.Thread()
		for {
			n, err := thread.Fill(context.Background(), out, chunk)
			if err != nil {
				b.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
		thread.Close()
		reader.Close()
	}
}
