package duck

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/petalake/petalake/internal/words"
)

// cache holds parts of files of a lake that is elsewhere. Each file is a sparse file of the same
// size, in which the parts that were fetched are at their places; beside it stands which these
// are. A file that a statement uses is pinned; the ones used longest ago go when space is needed.
type cache struct {
	dir       string
	limit     int64
	temporary bool // the folder goes when the cache is closed
	lock      *os.File

	filling sync.RWMutex // held for reading while files are fetched; the cache closes after that

	mu    sync.Mutex
	files map[string]*sparse // by name
	used  int64              // bytes held or promised
	clock uint64             // counts uses
}

// sparse is one file of the cache.
type sparse struct {
	path string

	fill   sync.Mutex // one statement fills the file at a time
	have   spans      // guarded by fill
	footer *footer    // guarded by fill; nil until read

	// guarded by cache.mu
	pins  int
	last  uint64
	bytes int64
}

const defaultCacheBytes = 20 << 30

// openCache takes a folder. One process at a time has it; another gets a folder of its own inside.
func openCache(dir string, limit int64) (*cache, error) {
	if limit <= 0 {
		limit = defaultCacheBytes
	}
	c := &cache{dir: dir, limit: limit, files: map[string]*sparse{}}
	if dir == "" {
		c.temporary = true
		d, err := os.MkdirTemp("", "petalake-cache-")
		c.dir = d
		return c, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	c.dir = abs
	if c.lock, err = lockFolder(abs); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	if c.lock == nil {
		c.temporary = true
		if c.dir, err = os.MkdirTemp(abs, otherPrefix); err == nil {
			c.lock, err = lockFolder(c.dir)
		}
		return c, err
	}
	c.sweep()
	return c, c.load()
}

// otherPrefix begins the folders of processes that came second.
const otherPrefix = "other-"

// sweep removes folders of processes that are gone.
func (c *cache) sweep() {
	entries, _ := os.ReadDir(c.dir)
	for _, e := range entries {
		dir := filepath.Join(c.dir, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), otherPrefix) {
			continue
		}
		if l, err := lockFolder(dir); err == nil && l != nil {
			_ = os.RemoveAll(dir) // what stays is swept next time
			l.Close()
		}
	}
}

// note is what is known of a file across processes. It holds only until the machine restarts,
// since the file's bytes are never forced to the disk.
type note struct {
	Boot string `json:"boot"`
	Have spans  `json:"have"`
}

const (
	fileSuffix = ".parquet"
	noteSuffix = ".json"
)

// load finds the files that an earlier process left, and removes what it cannot trust.
func (c *cache) load() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	boot := bootID()
	for _, e := range entries {
		name, isFile := strings.CutSuffix(e.Name(), fileSuffix)
		if !isFile {
			continue
		}
		s := &sparse{path: filepath.Join(c.dir, e.Name())}
		var n note
		raw, err := os.ReadFile(s.notePath())
		if err != nil || json.Unmarshal(raw, &n) != nil || boot == "" || n.Boot != boot {
			if err := s.remove(); err != nil {
				return fmt.Errorf("cache: %w", err)
			}
			continue
		}
		s.have, s.bytes = n.Have, n.Have.bytes()
		c.files[name] = s
		c.used += s.bytes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.makeRoomLocked(0)
	return nil
}

func (s *sparse) notePath() string { return strings.TrimSuffix(s.path, fileSuffix) + noteSuffix }

// remove deletes the note first: without it the file is not trusted.
func (s *sparse) remove() error {
	for _, path := range []string{s.notePath(), s.path} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// save writes the note, whole or not at all.
func (s *sparse) save() error {
	raw, err := json.Marshal(note{Boot: bootID(), Have: s.have})
	if err != nil {
		return err
	}
	tmp := s.notePath() + ".new"
	if err := os.WriteFile(tmp, raw, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, s.notePath())
}

// pin finds or makes the entry of an object and keeps it until unpin.
func (c *cache) pin(key string, size, modified int64) *sparse {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%d", key, size, modified))
	name := hex.EncodeToString(sum[:16])
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.files[name]
	if s == nil {
		s = &sparse{path: filepath.Join(c.dir, name+fileSuffix)}
		c.files[name] = s
	}
	s.pins++
	c.clock++
	s.last = c.clock
	return s
}

func (c *cache) unpin(s *sparse) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.pins--
	c.makeRoomLocked(0)
}

// reserve promises n bytes to a pinned file, and makes room for them.
func (c *cache) reserve(s *sparse, n int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.makeRoomLocked(n) {
		return failure(Failed, "read fewer columns or rows, or give the engine a larger cache",
			"the statement needs more than the cache holds (%s)", words.Decimal(c.limit))
	}
	s.bytes += n
	c.used += n
	return nil
}

func (c *cache) giveBack(s *sparse, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.bytes -= n
	c.used -= n
}

// makeRoomLocked removes the files used longest ago until n more bytes fit.
func (c *cache) makeRoomLocked(n int64) bool {
	for c.used+n > c.limit {
		var oldest string
		for name, s := range c.files {
			if s.pins == 0 && (oldest == "" || s.last < c.files[oldest].last) {
				oldest = name
			}
		}
		if oldest == "" {
			return false
		}
		s := c.files[oldest]
		delete(c.files, oldest)
		c.used -= s.bytes
		_ = s.remove() // without a note it is not used again, and the next start removes it
	}
	return true
}

func (c *cache) close() error {
	c.filling.Lock()
	defer c.filling.Unlock()
	if c.temporary {
		err := os.RemoveAll(c.dir)
		if c.lock != nil {
			c.lock.Close()
		}
		return err
	}
	return c.lock.Close()
}
