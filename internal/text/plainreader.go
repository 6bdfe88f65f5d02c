package text

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	plainBlock = 1 << 19 // bytes that a thread parses at once; longer records are declined
	padding    = 32      // bytes behind a block that may be read
)

// PlainReader cuts files into blocks of whole records for its threads.
type PlainReader struct {
	format PlainFormat
	crlf   bool // how the lines of the first file end
	read   atomic.Int64

	mu     sync.Mutex
	files  []string
	file   *os.File
	first  bool   // nothing of the file was handed out yet
	ended  bool   // the file has no more bytes
	carry  []byte // of a record that goes on behind the last block
	known  bool   // crlf is
	failed error
}

// NewPlainReader prepares to read files one after the other.
func NewPlainReader(files []string, format PlainFormat) *PlainReader {
	return &PlainReader{files: files, format: format}
}

// Read is how many bytes were read so far.
func (r *PlainReader) Read() int64 { return r.read.Load() }

// Close closes the file that is open. No thread may be at work.
func (r *PlainReader) Close() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// block fills a buffer with whole records, each ended by a newline. The last file's end is io.EOF.
func (r *PlainReader) block(buffer []byte) (records []byte, file string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.failed == nil {
		if r.file == nil {
			if len(r.files) == 0 {
				return nil, "", io.EOF
			}
			if r.file, r.failed = os.Open(r.files[0]); r.failed != nil {
				break
			}
			r.first, r.ended = true, false
		}
		file = r.files[0]
		if records, r.failed = r.fill(buffer); r.failed == nil && len(records) > 0 {
			return records, file, nil
		}
		if r.failed == nil && r.ended {
			r.file.Close()
			r.file, r.files = nil, r.files[1:]
		}
	}
	return nil, file, r.failed
}

// fill reads the next block of the open file. It may be empty where the file ends.
func (r *PlainReader) fill(buffer []byte) ([]byte, error) {
	n := copy(buffer, r.carry)
	got, err := io.ReadFull(r.file, buffer[n:len(buffer)-1])
	r.read.Add(int64(got))
	n += got
	r.carry = r.carry[:0]
	if r.ended = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); r.ended {
		if n > 0 && buffer[n-1] != '\n' { // the last record may go without
			if buffer[n-1] == '\r' { // with the newline it would look like the end of another form
				return nil, decline(r.files[0], "its last line ends in a carriage return alone")
			}
			buffer[n] = '\n'
			if n++; r.crlf && r.known {
				return nil, decline(r.files[0], "the last line does not end as the others do")
			}
		}
	} else if err != nil {
		return nil, err
	}
	block := buffer[:n]
	if err := r.plain(block); err != nil {
		return nil, err
	}
	end := lastRecord(block, r.format.Quote)
	if end < len(block) && (r.ended || end == 0) {
		return nil, decline(r.files[0], "a record is too long, or its quote is not closed")
	}
	r.carry = append(r.carry, block[end:]...)
	block = block[:end]
	if r.first && len(block) > 0 {
		r.first = false
		if r.format.Header {
			block = block[firstRecord(block, r.format.Quote):]
		}
	}
	return block, nil
}

// plain declines what cannot be in a plain file. Newlines are looked for anew in each record; here
// are the signs that would be taken for something else.
func (r *PlainReader) plain(block []byte) error {
	if r.first && bytes.HasPrefix(block, []byte("\xef\xbb\xbf")) {
		return decline(r.files[0], "it begins with a byte order mark")
	}
	if bytes.IndexByte(block, 0) >= 0 {
		return decline(r.files[0], "it holds a zero byte")
	}
	if !r.known {
		newline := bytes.IndexByte(block, '\n')
		r.known, r.crlf = newline >= 0, newline > 0 && block[newline-1] == '\r'
	}
	if !r.crlf && bytes.IndexByte(block, '\r') >= 0 {
		return decline(r.files[0], "it holds carriage returns")
	}
	return nil
}

// lastRecord is the length of the records of a block that are whole. A newline ends one where the
// numberBytes of quotes before it is even.
func lastRecord(block []byte, quote byte) int {
	quotes := 0
	if quote != 0 {
		quotes = bytes.Count(block, []byte{quote})
	}
	for end := len(block); ; {
		at := bytes.LastIndexByte(block[:end], '\n')
		if at < 0 {
			return 0
		}
		if quotes > 0 {
			quotes -= bytes.Count(block[at:end], []byte{quote})
		}
		if quotes%2 == 0 {
			return at + 1
		}
		end = at
	}
}

func firstRecord(block []byte, quote byte) int {
	quotes := 0
	for at := 0; at < len(block); {
		next := bytes.IndexByte(block[at:], '\n')
		if next < 0 {
			return len(block)
		}
		if quote != 0 {
			quotes += bytes.Count(block[at:at+next], []byte{quote})
		}
		at += next + 1
		if quotes%2 == 0 {
			return at
		}
	}
	return len(block)
}

// PlainThread parses blocks of a Reader. It is for one goroutine at a time.
type PlainThread struct {
	reader  *PlainReader
	buffers [2][]byte // of the block at work, and of the one before, which its rows still point into
	pins    runtime.Pinner
	turn    int

	file      string
	block     []byte // at work; padding behind it may be read
	at        int    // of the next record
	returns   int    // carriage returns of the block
	records   int    // of the block, so far
	delimiter uint64 // eight times, as are the next two
	quote     uint64
	newline   uint64
}

// PlainThread adds a thread.
func (r *PlainReader) Thread() *PlainThread {
	t := &PlainThread{reader: r, delimiter: each(r.format.Delimiter), quote: each(r.format.Quote), newline: each('\n')}
	for i := range t.buffers {
		t.buffers[i] = make([]byte, plainBlock+padding)
		t.pins.Pin(&t.buffers[i][0]) // texts that are long point into it, from memory that is not Go's
	}
	return t
}

// Close gives up the memory that texts point into.
func (t *PlainThread) Close() { t.pins.Unpin() }

// Fill writes the next rows, at most so many, into one vector a column, and returns how many these are: 0 at the
// end. The rows of the call before are no longer good. An error that is ErrDeclined leaves the files
// to another reader.
func (t *PlainThread) Fill(ctx context.Context, out []Vector, most int) (rows int, err error) {
	if t.at == len(t.block) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := t.next(); err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return 0, err
		}
	}
	for rows < most && t.at < len(t.block) {
		if !t.record(out, rows) {
			return 0, decline(t.file, t.where())
		}
		rows++
	}
	t.records += rows
	if t.at == len(t.block) && t.returns != 0 && t.returns != t.records {
		return 0, decline(t.file, "it holds carriage returns that end no line")
	}
	return rows, nil
}

// next gets another block.
func (t *PlainThread) next() (err error) {
	t.turn = 1 - t.turn
	buffer := t.buffers[t.turn]
	t.at, t.records, t.returns = 0, 0, 0
	if t.block, t.file, err = t.reader.block(buffer[:plainBlock]); err != nil {
		return err
	}
	if t.reader.crlf {
		if t.returns = bytes.Count(t.block, []byte{'\r'}); t.returns == 0 {
			return decline(t.file, "its lines end in two ways")
		}
	}
	clear(t.block[len(t.block):cap(t.block)][:padding])
	return nil
}

// where shows the record that was not understood.
func (t *PlainThread) where() string {
	text := t.block[t.at:]
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		text = text[:end]
	}
	return "the record " + string(text[:min(len(text), 200)])
}
